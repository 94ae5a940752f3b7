import { messageOf } from '../../../errors/error-text.js';
import {
  formatAddress,
  normalizeIp,
  sameAddress,
} from '../../../wire/address.js';
import { logText } from '../../../util/limited-log.js';
import { DEFAULT_PORT } from '../../../wire/endpoints.js';
import type {
  PeerAddress,
  PeerInfo,
  JoinRefusal,
  JoinRequest,
  PeerStatus,
} from '../../../wire/bodies.js';
import { sleep, type CoreContext } from '../context.js';
import { Semaphore } from '../../../util/semaphore.js';
import { TokenBuckets } from '../../../util/token-buckets.js';
import {
  isCredibleIncarnation,
  leadOf,
  toPeerInfo,
  type MemberRecord,
} from '../member-list/index.js';
import type {
  MembershipEnvironment,
  RequestOrigin,
} from '../membership.types.js';
import {
  JOIN_CHECK_TIMEOUT,
  JOIN_REFUSAL_TIME,
  JOIN_BROADCAST_WAIT,
  LOOKUPS_PER_MINUTE,
  MAX_WAITING_LOOKUPS,
} from '../options/membership.options.js';
import type { StatusCaller, StatusReply } from '../status/index.js';
import { firstOf } from './join-hedge.js';

/** Part of the time for a check after which a silent joiner is asked once more. */
const SECOND_QUESTION = 0.4;

/** How many times the usual the check of a peer that comes back may take. */
const RETURN_PATIENCE = 3;

/** Why a joiner may not come in: the code for the wire, the words for the log, and more of them. */
export interface Refusal {
  code: JoinRefusal;
  why?: string;
  detail?: string;
}

/** A joiner that may come in. */
export interface Admitted {
  info: PeerInfo;
  /** It says that it is a member of a cloud, perhaps of this one. */
  isMember: boolean;
}

/**
 * Finds out whether a joiner is where, and who, it says, and may come in, in the order of PROTOCOL.md,
 * section 2, `/join`.
 */
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
   * Lets every check that fails take the same time, its place among those that run included. At a closed
   * port it is over at once, at a silent one it is not: a joiner that could tell the two apart, by its own
   * answer or by how soon others get theirs, could scan ports from here. A name and the check share their
   * time, since the owner of the name's server could take any; a legacy joiner would not wait longer either.
   */
  async decide(
    request: JoinRequest,
    origin: RequestOrigin,
  ): Promise<Admitted | Refusal> {
    const { clock } = this.#ctx.env;
    const start = clock.monotonic();
    const times = this.#isReturning(request) ? RETURN_PATIENCE : 1;
    const end = start + JOIN_CHECK_TIMEOUT * times;
    const decision = await this.#decide(request, origin, end);
    if ('code' in decision && decision.code === 'CHECK_FAILED') {
      const left = start + JOIN_REFUSAL_TIME * times - clock.monotonic();
      await sleep(this.#ctx, Math.max(0, left));
    }
    return decision;
  }

  /** True for a peer of ours that was a member until it did not answer: it may be slow, and waits longer than a legacy one. */
  #isReturning({ id, features }: JoinRequest): boolean {
    const { list } = this.#ctx;
    return (
      id !== undefined &&
      features !== undefined &&
      (list.peek(id) ?? list.tombstones.get(id)) !== undefined
    );
  }

  /** @param end monotonic ms by which the name has to be resolved, and the joiner has to answer */
  async #decide(
    request: JoinRequest,
    origin: RequestOrigin,
    end: number,
  ): Promise<Admitted | Refusal> {
    const { life, self, list, env } = this.#ctx;
    if (!life.active) {
      return { code: 'LEAVING' };
    }
    if ((request.cloud ?? '') !== self.cloud) {
      return { code: 'WRONG_CLOUD' };
    }
    const { incarnation = 0 } = request;
    if (!isCredibleIncarnation(incarnation, env.clock, 'ownWord')) {
      const detail = `, ${leadOf(incarnation, env.clock)} ahead`;
      return { code: 'CLOCK_AHEAD', detail };
    }
    const place = await this.#placeOf(request, origin, end);
    if ('code' in place) {
      return place;
    }
    const reply = await this.#askOnce(place, request.id, end);
    if (reply.kind !== 'online' && reply.kind !== 'leaving') {
      return explain(reply, place);
    }
    const id = request.id ?? reply.status.id ?? env.random.uuid();
    if (id === self.id) {
      return taken(self.record);
    }
    const known = list.peek(id);
    if (!known && list.isFull) {
      return { code: 'CLOUD_FULL' };
    }
    let info = this.#describe(request, reply.status, id, place);
    if (!info) {
      return failed('its incarnation is not credible');
    }
    if (known && !sameAddress(known, place)) {
      const claim = await this.#claim(known, info);
      if (claim === 'taken') {
        return taken(known);
      }
      // Anybody can ask for an incarnation and repeat it: what is listed stays as it is.
      if (claim === 'same') {
        info = toPeerInfo(known);
      }
    }
    if (env.verifyRecord && !env.verifyRecord(info)) {
      return failed('the signature of its record does not hold');
    }
    if (!(await isAuthorized(env, info, origin))) {
      return failed('security.authorize says no');
    }
    const isMember = reply.status.joined === true;
    return life.active ? { info, isMember } : { code: 'LEAVING' };
  }

  /** Where the joiner says it is, or where the request came from. */
  async #placeOf(
    { ip: given, port, scheme }: JoinRequest,
    origin: RequestOrigin,
    end: number,
  ): Promise<PeerAddress | Refusal> {
    const { env } = this.#ctx;
    const host = given ?? origin.remoteAddress;
    const ip =
      normalizeIp(host) ??
      (await this.#names.addressOf(host, origin.remoteAddress, end));
    if (ip === undefined) {
      return failed('its name leads to no address', ` at ${logText(host)}`);
    }
    const place: PeerAddress = { ip, port: port ?? DEFAULT_PORT };
    if (scheme) {
      place.scheme = scheme;
    }
    const refusal = env.addressRefusal(place, origin);
    return refusal === undefined
      ? place
      : failed(`its address ${refusal}`, ` at ${formatAddress(place)}`);
  }

  /** Asks the joiner for `/status`: one question at a time for each place and id. */
  #askOnce(
    place: PeerAddress,
    id: string | undefined,
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
  #describe(
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
    if (
      incarnation !== Infinity &&
      !isCredibleIncarnation(incarnation, this.#ctx.env.clock, 'ownWord')
    ) {
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
   * in another network, by what both say, but then it stays where it was found; or `taken` by a peer that
   * lives there.
   */
  async #claim(
    known: MemberRecord,
    info: PeerInfo,
  ): Promise<'gone' | 'same' | 'taken'> {
    const end = this.#ctx.env.clock.monotonic() + JOIN_BROADCAST_WAIT;
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

/**
 * Looks up the names that joiners give as their addresses. One at a time, and so many for each address: a
 * look-up that nobody waits for any more goes on in the system, in threads that the whole process shares,
 * and a few of them would keep those of the application waiting.
 */
export class JoinerNames {
  readonly #semaphore = new Semaphore(1, MAX_WAITING_LOOKUPS);
  readonly #rate: TokenBuckets;

  readonly #ctx: Pick<CoreContext, 'env'>;

  constructor(ctx: Pick<CoreContext, 'env'>) {
    this.#ctx = ctx;
    const { clock } = ctx.env;
    this.#rate = new TokenBuckets(LOOKUPS_PER_MINUTE, {
      now: () => clock.monotonic(),
    });
  }

  /**
   * The first address behind a name; undefined if there is none, or none in time.
   * @param origin where the join came from; addresses take turns
   * @param end monotonic ms by which it has to be known
   */
  async addressOf(
    name: string,
    origin: string,
    end: number,
  ): Promise<string | undefined> {
    if (!this.#rate.take(origin)) {
      return undefined;
    }
    const { env } = this.#ctx;
    const left = () => end - env.clock.monotonic();
    const lookup = this.#semaphore.run(
      async () => (left() > 0 ? env.resolve(name) : undefined),
      origin,
    );
    try {
      const found = await Promise.race([lookup, sleep(this.#ctx, left())]);
      return found?.[0];
    } catch {
      return undefined;
    }
  }
}

/** The application's own say about a join; an error of its own is a no. */
async function isAuthorized(
  env: MembershipEnvironment,
  peer: PeerInfo,
  origin: RequestOrigin,
): Promise<boolean> {
  try {
    return (await env.authorize?.(peer, origin)) ?? true;
  } catch (error) {
    env.logger.warn(`security.authorize failed: ${messageOf(error)}`);
    return false;
  }
}

function failed(why: string, detail?: string): Refusal {
  return { code: 'CHECK_FAILED', why, ...(detail !== undefined && { detail }) };
}

/** A peer that is alive has the joiner's id. */
function taken({ address }: MemberRecord): Refusal {
  return {
    code: 'ID_TAKEN',
    why: 'a peer that is alive has this id: give each one its own (option id)',
    detail: `, whose id lives at ${address}`,
  };
}

/** Why a check failed: for the log only. */
function explain(reply: StatusReply, place: PeerAddress): Refusal {
  const detail = ` at ${formatAddress(place)}`;
  switch (reply.kind) {
    case 'other':
      return failed(
        'another id answers there',
        `${detail}, which answers with the id ${reply.status.id}`,
      );
    case 'refused':
      return failed('nobody listens there', detail);
    case 'busy':
      return failed('it refuses to answer /status', detail);
    default:
      return failed('it does not answer /status in time', detail);
  }
}
