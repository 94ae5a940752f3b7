import { normalizeIp } from '../../../wire/address.js';
import { DEFAULT_PORT } from '../../../wire/endpoints.js';
import type { PeerAddress, PeerInfo } from '../../../wire/peer-info.js';
import type { JoinRequest, PeerStatus } from '../../../wire/requests.js';
import { sleep, type CoreContext } from '../core-context.js';
import { firstOf } from '../first-of.js';
import { JoinerNames } from './joiner-names.js';
import type { MemberRecord } from '../member-list/member-record.js';
import {
  JOIN_TELLING_MOMENT,
  MAX_INCARNATION_LEAD,
} from '../options/membership.limits.js';
import type { RequestOrigin } from '../membership.types.js';
import type { StatusCaller, StatusReply } from '../status/status-caller.js';

/** Part of the time for a check after which a silent joiner is asked once more. */
const SECOND_QUESTION = 0.4;

/** Finds out whether a joiner is where, and who, it says (PROTOCOL.md, section 2, `/join`). */
export class JoinCheck {
  readonly #running = new Map<string, Promise<StatusReply>>();
  readonly #names: JoinerNames;

  readonly #ctx: CoreContext;
  readonly #caller: StatusCaller;

  constructor(ctx: CoreContext, caller: StatusCaller) {
    this.#ctx = ctx;
    this.#caller = caller;
    this.#names = new JoinerNames(ctx);
  }

  /**
   * Where the joiner says it is, or where the request came from; undefined where it may not be called.
   * @param end monotonic ms by which a name has to be resolved
   */
  async placeOf(
    { ip: given, port, scheme }: JoinRequest,
    origin: RequestOrigin,
    end: number,
  ): Promise<PeerAddress | undefined> {
    const { env } = this.#ctx;
    const host = given ?? origin.remoteAddress;
    const ip = normalizeIp(host) ?? (await this.#names.addressOf(host, end));
    if (ip === undefined) {
      return undefined;
    }
    const place: PeerAddress = { ip, port: port ?? DEFAULT_PORT };
    if (scheme) {
      place.scheme = scheme;
    }
    return env.allows(place, origin) ? place : undefined;
  }

  /**
   * Asks the joiner for `/status`: one question at a time for each place and id.
   * @param end monotonic ms by which it has to answer
   */
  ask(
    place: PeerAddress,
    { id }: JoinRequest,
    end: number,
  ): Promise<StatusReply> {
    const key = `${place.ip} ${place.port} ${id}`;
    const running = this.#running.get(key);
    if (running) {
      return running;
    }
    const check = this.#ask(place, id, end).finally(() =>
      this.#running.delete(key),
    );
    this.#running.set(key, check);
    return check;
  }

  /** A question may be lost: where no answer comes, it is asked a second time before the first is given up. */
  async #ask(
    place: PeerAddress,
    id: string | undefined,
    end: number,
  ): Promise<StatusReply> {
    const { clock } = this.#ctx.env;
    const once = () => {
      const timeout = Math.max(1, end - clock.monotonic());
      return this.#caller.askAddress(place, timeout, id, true);
    };
    const first = once();
    const pause = (end - clock.monotonic()) * SECOND_QUESTION;
    const early = await Promise.race([first, sleep(this.#ctx, pause)]);
    if (early) {
      return early;
    }
    const answer = await firstOf(
      [first, once()],
      ({ kind }) => kind !== 'silent',
    );
    return answer ?? first;
  }

  /**
   * The joiner as a member. Its own word at its own address outweighs the request, which anyone can
   * write. Undefined if its incarnation is not credible.
   */
  describe(
    request: JoinRequest,
    status: PeerStatus,
    id: string,
    place: PeerAddress,
  ): PeerInfo | undefined {
    const features = status.features ?? request.features ?? [];
    const info: PeerInfo = { ...place, id, data: request.data ?? {} };
    if (features.length === 0) {
      return info;
    }
    // The lower of the two: the data that came along belong to no later one.
    const incarnation = Math.min(
      request.incarnation ?? Infinity,
      status.incarnation ?? Infinity,
    );
    const latest = this.#ctx.env.clock.now() + MAX_INCARNATION_LEAD;
    if (incarnation !== Infinity && incarnation > latest) {
      return undefined;
    }
    info.features = features;
    info.incarnation = incarnation === Infinity ? 0 : incarnation;
    if (request.cloud !== undefined) {
      info.cloud = request.cloud;
    }
    if (request.signature !== undefined) {
      info.signature = request.signature;
    }
    return info;
  }

  /**
   * A member's id at another address: `gone` from the old one, so that it may move; the `same` process
   * in another network, by what both say, but then it stays where it was found; or `taken` by one that
   * lives there.
   */
  async claim(
    known: MemberRecord,
    info: PeerInfo,
  ): Promise<'gone' | 'same' | 'taken'> {
    const end = this.#ctx.env.clock.monotonic() + JOIN_TELLING_MOMENT;
    const reply = await this.#ask(known, known.id, end);
    if (reply.kind === 'busy') {
      return 'taken';
    }
    if (reply.kind !== 'online' && reply.kind !== 'leaving') {
      return 'gone';
    }
    const { incarnation } = reply.status;
    return incarnation !== undefined &&
      incarnation === info.incarnation &&
      info.port === known.port
      ? 'same'
      : 'taken';
  }
}
