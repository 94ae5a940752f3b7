import { normalizeIp, sameAddress } from '../../wire/address.js';
import { DEFAULT_PORT } from '../../wire/endpoints.js';
import type { PeerAddress, PeerInfo } from '../../wire/peer-info.js';
import type {
  JoinAnswer,
  JoinRefusal,
  JoinRequest,
  PeerStatus,
} from '../../wire/requests.js';
import { sleep, type CoreContext } from './core-context.js';
import type { NewsSpreader } from './news-spreader.js';
import { answeredSelf } from './join-body.js';
import { isAuthorized } from './join-authorization.js';
import { Limiter } from './limiter.js';
import {
  isLegacy,
  makeRecord,
  toLegacyInfo,
  toPeerInfo,
  type MemberRecord,
} from './member-record.js';
import {
  JOIN_CHECK_TIMEOUT,
  JOIN_TELLING_MOMENT,
  MAX_INCARNATION_LEAD,
  MAX_JOIN_CHECKS,
  MAX_WAITING_JOINS,
} from './membership.limits.js';
import type { RequestOrigin } from './membership.types.js';
import type { Newcomers } from './newcomers.js';
import type { StatusCaller, StatusReply } from './status-caller.js';
import type { Teller } from './teller.js';

/** What the wire says about a refusal: the same for everything that the check found. */
const REFUSALS: Record<JoinRefusal, string> = {
  CHECK_FAILED: 'the check of the joining peer failed',
  ID_TAKEN: 'another peer of this cloud has that id',
  CLOUD_FULL: 'this cloud takes no more peers',
  WRONG_CLOUD: 'this is a cloud of another name',
  LEAVING: 'this peer is leaving',
};

/** Lets others in: `/join`, in the order of PROTOCOL.md, section 2. */
export class JoinReceiver {
  /** Called with every join that names this peer's own id: it may be its own. */
  onOwnId: (request: JoinRequest) => void = () => {};
  readonly #limiter = new Limiter(MAX_JOIN_CHECKS, MAX_WAITING_JOINS);
  readonly #checks = new Map<string, Promise<StatusReply>>();

  constructor(
    private readonly ctx: CoreContext,
    private readonly caller: StatusCaller,
    private readonly teller: Teller,
    private readonly newcomers: Newcomers,
    private readonly spreader: NewsSpreader,
  ) {}

  async receive(
    request: JoinRequest,
    origin: RequestOrigin,
  ): Promise<JoinAnswer> {
    const { life, self } = this.ctx;
    if (!life.active) return this.#refuse('LEAVING', request, origin);
    if ((request.cloud ?? '') !== self.cloud)
      return this.#refuse('WRONG_CLOUD', request, origin);
    if (request.id === self.id) this.onOwnId(request);
    const answer = await this.#limiter.run(() => this.#admit(request, origin));
    return (
      answer ??
      this.#refuse('CHECK_FAILED', request, origin, 'too many joins at once')
    );
  }

  async #admit(
    request: JoinRequest,
    origin: RequestOrigin,
  ): Promise<JoinAnswer> {
    const place = await this.#placeOf(request, origin);
    if (!place)
      return this.#refuse(
        'CHECK_FAILED',
        request,
        origin,
        'its address is not allowed',
      );
    const reply = await this.#check(place, request.id);
    if (reply.kind !== 'online' && reply.kind !== 'leaving') {
      return this.#refuse(
        'CHECK_FAILED',
        request,
        origin,
        explain(reply, place),
      );
    }
    const { list, self, options, life } = this.ctx;
    const id = request.id ?? reply.status.id ?? this.ctx.env.random.uuid();
    if (id === self.id) return this.#refuse('ID_TAKEN', request, origin);
    const known = list.peek(id);
    if (!known && list.size >= options.maxPeers)
      return this.#refuse('CLOUD_FULL', request, origin);
    const info = this.#describe(request, reply.status, id, place);
    if (!info)
      return this.#refuse(
        'CHECK_FAILED',
        request,
        origin,
        'its incarnation is not credible',
      );
    if (
      known &&
      !sameAddress(known, place) &&
      !(await this.#mayMove(known, info))
    ) {
      return this.#refuse('ID_TAKEN', request, origin);
    }
    if (!(await isAuthorized(this.ctx.env, info, origin))) {
      const why = 'security.authorize says no';
      return this.#refuse('CHECK_FAILED', request, origin, why);
    }
    if (!life.active) return this.#refuse('LEAVING', request, origin);
    if (!this.#believes(info)) {
      return this.#refuse(
        'CHECK_FAILED',
        request,
        origin,
        'the signature of its record does not hold',
      );
    }
    return this.#accept(info);
  }

  /** Tells the others, adds the joiner, and answers. */
  async #accept(info: PeerInfo): Promise<JoinAnswer> {
    const { list } = this.ctx;
    const joiner = this.#record(info);
    const known = list.peek(joiner.id);
    const told = new Set<string>();
    const acknowledged = new Set<string>();
    const telling = this.#tell(joiner, known, told, acknowledged);
    if (told.size > 0)
      await Promise.race([telling, sleep(this.ctx, JOIN_TELLING_MOMENT)]);
    list.apply(this.ctx.env.shareRecord?.(joiner) ?? joiner, {
      origin: 'join',
      from: joiner.id,
      legacyTold: true,
      verified: true,
    });
    void this.#tellTheRest(joiner, known, telling, told, acknowledged);
    this.newcomers.add(joiner.id, acknowledged);
    const legacy = isLegacy(joiner);
    const peers = list
      .members()
      .filter(({ id }) => id !== joiner.id)
      .map((member) => (legacy ? toLegacyInfo(member) : toPeerInfo(member)));
    const { id, ip, port } = list.peek(joiner.id) ?? joiner;
    return {
      status: 'joined',
      id,
      ip,
      port,
      self: answeredSelf(this.ctx.self.record, joiner),
      peers,
    };
  }

  /** The version that counts: whoever proves to be there outranks its tombstone, and a move is news. */
  #record(info: PeerInfo): MemberRecord {
    const { list } = this.ctx;
    const known = list.peek(info.id);
    const stone = known ? undefined : list.tombstones.get(info.id);
    let incarnation = info.incarnation ?? known?.incarnation ?? 0;
    if (stone && stone.incarnation >= incarnation)
      incarnation = stone.incarnation + 1;
    if (known && !info.features && !sameAddress(known, info)) incarnation++;
    return makeRecord({ ...info, incarnation }, 'alive');
  }

  async #tell(
    joiner: MemberRecord,
    known: MemberRecord | undefined,
    told: Set<string>,
    acknowledged: Set<string>,
  ): Promise<void> {
    const telling = this.teller
      .audience(joiner.id)
      .filter(({ id }) => !told.has(id))
      .map(async (member) => {
        told.add(member.id);
        if (await this.#tellOne(member, joiner, known))
          acknowledged.add(member.id);
      });
    await Promise.all(telling);
  }

  /** A legacy member adds whatever it is told, so it hears of a re-join only where the address is new. */
  async #tellOne(
    member: MemberRecord,
    joiner: MemberRecord,
    known: MemberRecord | undefined,
  ): Promise<boolean> {
    if (known && isLegacy(member)) {
      if (known.address === joiner.address) return true;
      await this.teller.left(member, joiner.id);
    }
    return this.teller.joined(member, joiner);
  }

  /** Members that came in meanwhile, and those that did not hear. */
  async #tellTheRest(
    joiner: MemberRecord,
    known: MemberRecord | undefined,
    telling: Promise<void>,
    told: Set<string>,
    acknowledged: Set<string>,
  ): Promise<void> {
    await Promise.all([telling, this.#tell(joiner, known, told, acknowledged)]);
    const current = this.ctx.list.peek(joiner.id);
    if (current && acknowledged.size < told.size) this.spreader.again(current);
  }

  /** Where the joiner says it is, or where the request came from; only what may be called. */
  async #placeOf(
    request: JoinRequest,
    origin: RequestOrigin,
  ): Promise<PeerAddress | undefined> {
    const { env } = this.ctx;
    const literal = normalizeIp(request.ip ?? origin.remoteAddress);
    const ip =
      literal ??
      (await env.resolve(request.ip ?? '').catch((): string[] => []))[0];
    if (ip === undefined) return undefined;
    const place: PeerAddress = { ip, port: request.port ?? DEFAULT_PORT };
    if (request.scheme) place.scheme = request.scheme;
    return env.allows(place, origin) ? place : undefined;
  }

  /** One check at a time for each place and id. */
  #check(place: PeerAddress, id: string | undefined): Promise<StatusReply> {
    const key = `${place.ip} ${place.port} ${id}`;
    const running = this.#checks.get(key);
    if (running) return running;
    const check = this.caller
      .askAddress(place, JOIN_CHECK_TIMEOUT, id)
      .finally(() => this.#checks.delete(key));
    this.#checks.set(key, check);
    return check;
  }

  /** The joiner's own word at its own address outweighs the request, which anyone can write. */
  #describe(
    request: JoinRequest,
    status: PeerStatus,
    id: string,
    place: PeerAddress,
  ): PeerInfo | undefined {
    const features = status.features ?? request.features ?? [];
    const info: PeerInfo = { ...place, id, data: request.data ?? {} };
    if (features.length === 0) return info;
    // The lower of the two: the data that came along belong to no later one.
    const incarnation = Math.min(
      request.incarnation ?? Infinity,
      status.incarnation ?? Infinity,
    );
    if (Number.isFinite(incarnation)) info.incarnation = incarnation;
    if (
      (info.incarnation ?? 0) >
      this.ctx.env.clock.now() + MAX_INCARNATION_LEAD
    )
      return undefined;
    info.features = features;
    if (request.cloud !== undefined) info.cloud = request.cloud;
    if (request.signature !== undefined) info.signature = request.signature;
    return info;
  }

  /** A member's id at another address: only if the old one is not there any more, or is the same process. */
  async #mayMove(known: MemberRecord, info: PeerInfo): Promise<boolean> {
    const reply = await this.caller.askAddress(
      known,
      JOIN_TELLING_MOMENT,
      known.id,
    );
    if (reply.kind !== 'online' && reply.kind !== 'leaving') return true;
    const { incarnation } = reply.status;
    return incarnation !== undefined && incarnation === info.incarnation;
  }

  #believes(info: PeerInfo): boolean {
    return this.ctx.env.verifyRecord?.(info) ?? true;
  }

  #refuse(
    code: JoinRefusal,
    request: JoinRequest,
    origin: RequestOrigin,
    why = REFUSALS[code],
  ): JoinAnswer {
    this.ctx.env.logger.log(
      `Refused to let in ${request.id ?? 'a peer'} from ${origin.remoteAddress}: ${why} (${code})`,
    );
    return { status: 'rejected', error: { code, message: REFUSALS[code] } };
  }
}

/** Why a check failed: for the log only. */
function explain(reply: StatusReply, { ip, port }: PeerAddress): string {
  const place = `${ip}:${port}`;
  switch (reply.kind) {
    case 'other':
      return `${place} answers with the id ${reply.status.id}`;
    case 'refused':
      return `nobody listens at ${place}`;
    default:
      return `${place} does not answer /status within ${JOIN_CHECK_TIMEOUT} ms`;
  }
}
