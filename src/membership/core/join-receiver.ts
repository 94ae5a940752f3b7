import { sameAddress } from '../../wire/address.js';
import type { PeerAddress, PeerInfo } from '../../wire/peer-info.js';
import type {
  JoinAnswer,
  JoinRefusal,
  JoinRequest,
} from '../../wire/requests.js';
import { sleep, type CoreContext } from './core-context.js';
import type { JoinAdmission } from './join-admission.js';
import { isAuthorized } from './join-authorization.js';
import type { JoinCheck } from './join-check.js';
import { Limiter } from './limiter.js';
import { toPeerInfo } from './member-record.js';
import { JOIN_CHECK_TIMEOUT, JOIN_REFUSAL_TIME } from './membership.limits.js';
import type { RequestOrigin } from './membership.types.js';
import type { StatusReply } from './status-caller.js';

/** What the wire says about a refusal: the same for everything that the check found. */
const REFUSALS: Record<JoinRefusal, string> = {
  CHECK_FAILED: 'the check of the joining peer failed',
  ID_TAKEN: 'another peer of this cloud has that id',
  CLOUD_FULL: 'this cloud takes no more peers',
  WRONG_CLOUD: 'this is a cloud of another name',
  LEAVING: 'this peer is leaving',
};

/** A joiner that may come in, or why it may not: the code for the wire, the words for the log. */
type Decision =
  { info: PeerInfo; isMember: boolean } | { code: JoinRefusal; why?: string };

/** Lets others in: `/join`, in the order of PROTOCOL.md, section 2. */
export class JoinReceiver {
  /** Called with every join that names this peer's own id: it may be its own. */
  onOwnId: (request: JoinRequest) => void = () => {};
  readonly #limiter: Limiter;

  constructor(
    private readonly ctx: CoreContext,
    private readonly check: JoinCheck,
    private readonly admission: JoinAdmission,
  ) {
    const { maxJoinChecks, maxWaitingJoins } = ctx.options.limits;
    this.#limiter = new Limiter(maxJoinChecks, maxWaitingJoins);
  }

  async receive(
    request: JoinRequest,
    origin: RequestOrigin,
  ): Promise<JoinAnswer> {
    if (request.id === this.ctx.self.id) this.onOwnId(request);
    const decision = await this.#limiter.run(() =>
      this.#evenly(() => this.#decide(request, origin)),
    );
    if (!decision) return refuse('CHECK_FAILED');
    if ('info' in decision) {
      const answer = await this.admission.admit(
        decision.info,
        decision.isMember,
      );
      return answer ?? refuse('CLOUD_FULL');
    }
    const { code, why = REFUSALS[code] } = decision;
    this.ctx.env.logger.log(
      `Refused to let in ${request.id ?? 'a peer'} from ${origin.remoteAddress}: ${why} (${code})`,
    );
    return refuse(code);
  }

  /**
   * Lets every check that fails take the same time, its place among those that run included. At a closed
   * port it is over at once, at a silent one it is not: who could tell the two apart, by its own answer
   * or by how soon others get theirs, could scan ports from here.
   */
  async #evenly(decide: () => Promise<Decision>): Promise<Decision> {
    const { clock } = this.ctx.env;
    const end = clock.monotonic() + JOIN_REFUSAL_TIME;
    const decision = await decide();
    if ('code' in decision && decision.code === 'CHECK_FAILED') {
      await sleep(this.ctx, Math.max(0, end - clock.monotonic()));
    }
    return decision;
  }

  async #decide(
    request: JoinRequest,
    origin: RequestOrigin,
  ): Promise<Decision> {
    const { life, self, list, env } = this.ctx;
    if (!life.active) return { code: 'LEAVING' };
    if ((request.cloud ?? '') !== self.cloud) return { code: 'WRONG_CLOUD' };
    const place = await this.check.placeOf(request, origin);
    if (!place) return failed('its address is not allowed');
    const reply = await this.check.ask(place, request);
    if (reply.kind !== 'online' && reply.kind !== 'leaving') {
      return failed(explain(reply, place));
    }
    const id = request.id ?? reply.status.id ?? env.random.uuid();
    if (id === self.id) return { code: 'ID_TAKEN' };
    const known = list.peek(id);
    if (!known && list.isFull) return { code: 'CLOUD_FULL' };
    let info = this.check.describe(request, reply.status, id, place);
    if (!info) return failed('its incarnation is not credible');
    if (known && !sameAddress(known, place)) {
      const claim = await this.check.claim(known, info);
      if (claim === 'taken') return { code: 'ID_TAKEN' };
      // Anybody can ask for an incarnation and repeat it: what is listed stays as it is.
      if (claim === 'same') info = toPeerInfo(known);
    }
    if (!(await isAuthorized(env, info, origin))) {
      return failed('security.authorize says no');
    }
    if (env.verifyRecord && !env.verifyRecord(info)) {
      return failed('the signature of its record does not hold');
    }
    const isMember = reply.status.joined === true;
    return life.active ? { info, isMember } : { code: 'LEAVING' };
  }
}

function failed(why: string): Decision {
  return { code: 'CHECK_FAILED', why };
}

function refuse(code: JoinRefusal): JoinAnswer {
  return { status: 'rejected', error: { code, message: REFUSALS[code] } };
}

/** Why a check failed: for the log only. */
function explain(reply: StatusReply, { ip, port }: PeerAddress): string {
  const place = `${ip}:${port}`;
  switch (reply.kind) {
    case 'other':
      return `${place} answers with the id ${reply.status.id}`;
    case 'refused':
      return `nobody listens at ${place}`;
    case 'busy':
      return `${place} refuses to answer /status`;
    default:
      return `${place} does not answer /status within ${JOIN_CHECK_TIMEOUT} ms`;
  }
}
