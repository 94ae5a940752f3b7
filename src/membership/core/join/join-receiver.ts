import { LimitedLog } from '../../../util/limited-log.js';
import { sameAddress } from '../../../wire/address.js';
import type { PeerAddress, PeerInfo } from '../../../wire/peer-info.js';
import type {
  JoinAnswer,
  JoinRefusal,
  JoinRequest,
} from '../../../wire/requests.js';
import { sleep, type CoreContext } from '../core-context.js';
import type { JoinAdmission } from './join-admission.js';
import { isAuthorized } from './join-authorization.js';
import type { JoinCheck } from './join-check.js';
import { Semaphore } from '../../../util/semaphore.js';
import { toPeerInfo } from '../member-list/member-record.js';
import {
  JOIN_CHECK_TIMEOUT,
  JOIN_REFUSAL_TIME,
} from '../options/membership.limits.js';
import type { RequestOrigin } from '../membership.types.js';
import type { StatusReply } from '../status/status-caller.js';

/** What the wire says about a refusal: the same for everything that the check found. */
const REFUSALS: Record<JoinRefusal, string> = {
  CHECK_FAILED: 'the check of the joining peer failed',
  ID_TAKEN: 'another peer of this cloud has that id',
  CLOUD_FULL: 'this cloud takes no more peers',
  WRONG_CLOUD: 'this is a cloud of another name',
  LEAVING: 'this peer is leaving',
};

/** Why a joiner may not come in: the code for the wire, the words for the log, and more of them. */
interface Refusal {
  code: JoinRefusal;
  why?: string;
  detail?: string;
}

type Decision = { info: PeerInfo; isMember: boolean } | Refusal;

/** Lets others in: `/join`, in the order of PROTOCOL.md, section 2. */
export class JoinReceiver {
  /** Called with every join that names this peer's own id: it may be its own. */
  onOwnId: (request: JoinRequest) => void = () => {};
  readonly #limiter: Semaphore;
  readonly #log: LimitedLog;

  readonly #ctx: CoreContext;
  readonly #check: JoinCheck;
  readonly #admission: JoinAdmission;

  constructor(ctx: CoreContext, check: JoinCheck, admission: JoinAdmission) {
    this.#ctx = ctx;
    this.#check = check;
    this.#admission = admission;
    const { maxJoinChecks, maxWaitingJoins } = ctx.options.limits;
    this.#limiter = new Semaphore(maxJoinChecks, maxWaitingJoins);
    const { logger, clock } = ctx.env;
    this.#log = new LimitedLog({ warn: (text) => logger.log(text) }, () =>
      clock.monotonic(),
    );
  }

  async receive(
    request: JoinRequest,
    origin: RequestOrigin,
  ): Promise<JoinAnswer> {
    if (request.id === this.#ctx.self.id) {
      this.onOwnId(request);
    }
    const decision = await this.#limiter.run(
      () => this.#evenly((end) => this.#decide(request, origin, end)),
      origin.remoteAddress,
    );
    if (!decision) {
      return this.#refuse(failed('too many joins wait'), request, origin);
    }
    if ('code' in decision) {
      return this.#refuse(decision, request, origin);
    }
    const { info, isMember } = decision;
    const answer = await this.#admission.admit(info, isMember);
    return answer ?? this.#refuse({ code: 'CLOUD_FULL' }, request, origin);
  }

  /** Anybody can be refused as often as it likes, so the log is limited; whoever listens hears of each. */
  #refuse(
    { code, why = REFUSALS[code], detail = '' }: Refusal,
    { id }: JoinRequest,
    { remoteAddress }: RequestOrigin,
  ): JoinAnswer {
    const reason = why + detail;
    this.#log.warn(
      `Refused to let in ${id ?? 'a peer'} from ${remoteAddress}${detail} (${code})`,
      why,
    );
    this.#ctx.env.onJoinRefused?.({ code, reason, id, remoteAddress });
    return { status: 'rejected', error: { code, message: REFUSALS[code] } };
  }

  /**
   * Lets every check that fails take the same time, its place among those that run included. At a closed
   * port it is over at once, at a silent one it is not: who could tell the two apart, by its own answer
   * or by how soon others get theirs, could scan ports from here. A name and the check share their time,
   * since whoever runs the name's server could take any; a legacy joiner would not wait longer either.
   */
  async #evenly(decide: (end: number) => Promise<Decision>): Promise<Decision> {
    const { clock } = this.#ctx.env;
    const start = clock.monotonic();
    const decision = await decide(start + JOIN_CHECK_TIMEOUT);
    if ('code' in decision && decision.code === 'CHECK_FAILED') {
      const left = start + JOIN_REFUSAL_TIME - clock.monotonic();
      await sleep(this.#ctx, Math.max(0, left));
    }
    return decision;
  }

  async #decide(
    request: JoinRequest,
    origin: RequestOrigin,
    end: number,
  ): Promise<Decision> {
    const { life, self, list, env } = this.#ctx;
    if (!life.active) {
      return { code: 'LEAVING' };
    }
    if ((request.cloud ?? '') !== self.cloud) {
      return { code: 'WRONG_CLOUD' };
    }
    const place = await this.#check.placeOf(request, origin, end);
    if (!place) {
      return failed('its address is not allowed');
    }
    const reply = await this.#check.ask(place, request, end);
    if (reply.kind !== 'online' && reply.kind !== 'leaving') {
      return explain(reply, place);
    }
    const id = request.id ?? reply.status.id ?? env.random.uuid();
    if (id === self.id) {
      return { code: 'ID_TAKEN' };
    }
    const known = list.peek(id);
    if (!known && list.isFull) {
      return { code: 'CLOUD_FULL' };
    }
    let info = this.#check.describe(request, reply.status, id, place);
    if (!info) {
      return failed('its incarnation is not credible');
    }
    if (known && !sameAddress(known, place)) {
      const claim = await this.#check.claim(known, info);
      if (claim === 'taken') {
        return { code: 'ID_TAKEN' };
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
}

function failed(why: string, detail?: string): Refusal {
  return { code: 'CHECK_FAILED', why, ...(detail !== undefined && { detail }) };
}

/** Why a check failed: for the log only. */
function explain(reply: StatusReply, { ip, port }: PeerAddress): Refusal {
  const detail = ` at ${ip}:${port}`;
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
      return failed(
        `it does not answer /status within ${JOIN_CHECK_TIMEOUT} ms`,
        detail,
      );
  }
}
