import { isPeerId } from '../../../wire/endpoints.js';
import { isJsonObject, type JsonObject } from '../../../wire/json.js';
import type { PeerStatus } from '../../../wire/bodies.js';
import { sleep, type CoreContext } from '../context.js';
import { formatAddress } from '../../../wire/address.js';
import { LimitedLog } from '../../../util/limited-log.js';
import { Semaphore } from '../../../util/semaphore.js';
import type { ProbeNotice } from '../membership.types.js';
import { speaks, type MemberRecord } from '../member-list/index.js';
import { MAX_INDIRECT_PROBES } from '../options/membership.options.js';
import type {
  StatusCaller,
  StatusReply,
  StatusService,
} from '../status/index.js';
import { RoundTrips, type LocalHealth } from './local-health.js';
import type { ProbeRing } from './probe-ring.js';

/**
 * What a probe found out:
 * - `alive`, `leaving`: the member answered, itself or to a helper
 * - `replaced`: another id answers at its address
 * - `refused`: nobody listens there, and a second peer found the same
 * - `silent`: nobody got an answer
 * - `unsure`: this peer was itself not well enough to tell
 */
export interface Verdict {
  readonly kind: ProbeNotice['outcome'];
  readonly status?: PeerStatus;
  /** True if no other member checks, so that none could ever have a say. */
  readonly alone?: boolean;
  /** True for `silent` where this peer has no way to addresses of that kind. */
  readonly noWay?: boolean;
}

/** Longest that a check may take, in probe timeouts. */
const MAX_PROBE_FACTOR = 8;

/** How much longer than its own check a helper's answer may take. */
const HELPER_FACTOR = 3;

/** Refused connections in a row that are proof for a peer that has nobody to ask. */
const REFUSALS_ALONE = 3;

/** How late, in ms, a check may end until its result says more about this peer than about the member. */
const MAX_LATENESS = 500;

/** Finds out whether a member is there: directly, then with the help of others (SWIM). */
export class Prober implements StatusService {
  readonly #running = new Map<string, Promise<Verdict>>();
  readonly #roundTrips: RoundTrips;
  /** Of members that turn checks away. */
  readonly #warnings: LimitedLog;
  #warnedOfNoWay = false;
  /** Checks on behalf of other peers. */
  readonly #indirect = new Semaphore(MAX_INDIRECT_PROBES, 0);

  readonly #ctx: CoreContext;
  readonly #caller: StatusCaller;
  readonly #ring: ProbeRing;
  readonly #health: LocalHealth;

  constructor(
    ctx: CoreContext,
    caller: StatusCaller,
    ring: ProbeRing,
    health: LocalHealth,
  ) {
    this.#ctx = ctx;
    this.#caller = caller;
    this.#ring = ring;
    this.#health = health;
    const { clock, logger } = ctx.env;
    this.#warnings = new LimitedLog(logger, () => clock.monotonic());
    const { probeTimeout } = ctx.options;
    const longest = probeTimeout * MAX_PROBE_FACTOR;
    this.#roundTrips = new RoundTrips(probeTimeout, longest);
  }

  /** Ms for one direct check, now. */
  get timeout(): number {
    return this.#health.stretch(this.#roundTrips.timeout);
  }

  /** Ms for one question that is asked outside the round of checks. */
  get patience(): number {
    return Math.min(this.timeout * 2, this.#ctx.options.requestTimeout);
  }

  /** The full probe. One at a time for each member: a second call gets the first one's verdict. */
  probe(member: MemberRecord): Promise<Verdict> {
    return this.#single(member, async () => {
      const direct = await this.direct(member);
      return direct.kind === 'silent' || direct.kind === 'refused'
        ? this.#ask(member, direct.kind, direct.noWay)
        : direct;
    });
  }

  /** The member itself only. A refused connection is `refused` here without anyone else's word. */
  async direct(
    member: MemberRecord,
    tries = this.#ctx.options.probeTries,
  ): Promise<Verdict> {
    const { self, env } = this.#ctx;
    const { clock } = env;
    for (let attempt = 1; ; attempt++) {
      const { timeout } = this;
      const start = clock.monotonic();
      // The second time no socket takes part, which may be stalled.
      const reply = await (attempt === 1
        ? this.#caller.check(member, timeout)
        : this.#caller.ask(member, timeout));
      const allowed = timeout + this.#health.slack(timeout);
      const duration = clock.monotonic() - start;
      const lateness = duration - allowed;
      const verdict = this.#judge(reply);
      env.onProbed?.({
        self: self.id,
        peerId: member.id,
        duration,
        outcome: verdict.kind,
      });
      if (reply.kind === 'busy') {
        const who = `${member.id} at ${formatAddress(member)}`;
        this.#warnings.warn(`${who} counts as there`, reply.why ?? '');
      }
      if (verdict.kind === 'alive') {
        this.#health.note(-1);
      }
      if (verdict.kind === 'silent' && lateness > MAX_LATENESS) {
        this.#ctx.events.emit('process.late', lateness);
        return { kind: 'unsure' };
      }
      if (verdict.kind !== 'silent' || attempt >= tries) {
        return verdict;
      }
    }
  }

  /** One check on behalf of another peer. */
  async serve(request: JsonObject): Promise<JsonObject> {
    const id = request.probe;
    const member = isPeerId(id) ? this.#ctx.list.peek(id) : undefined;
    if (!member) {
      return {};
    }
    const result = await this.#indirect.run(() => this.#forOther(member));
    return result ? { probe: { id: member.id, ...result } } : {};
  }

  async #forOther(member: MemberRecord): Promise<HelperAnswer> {
    const reply = await this.#caller.ask(member, this.timeout);
    return {
      online: this.#judge(reply).kind === 'alive',
      refused: reply.kind === 'refused',
    };
  }

  #noWayTo({ address }: MemberRecord): Verdict {
    if (!this.#warnedOfNoWay) {
      this.#warnedOfNoWay = true;
      this.#ctx.env.logger.warn(
        `No way leads from here to ${address}: this host has no network, or no address of that kind (IPv4, IPv6). Messages to members there fail, and whether they are alive others have to say`,
      );
    }
    return { kind: 'unsure' };
  }

  #single(member: MemberRecord, run: () => Promise<Verdict>): Promise<Verdict> {
    const running = this.#running.get(member.id);
    if (running) {
      return running;
    }
    const probe = run().finally(() => this.#running.delete(member.id));
    this.#running.set(member.id, probe);
    return probe;
  }

  #judge(reply: StatusReply): Verdict {
    switch (reply.kind) {
      case 'online':
        this.#roundTrips.sample(reply.ms);
        return { kind: 'alive', status: reply.status };
      case 'leaving':
        return { kind: 'leaving', status: reply.status };
      case 'other':
        return this.#isElsewhere(reply.status.id)
          ? { kind: 'silent' }
          : { kind: 'replaced', status: reply.status };
      case 'busy':
        return { kind: 'alive' };
      case 'aborted':
        return { kind: 'unsure' };
      case 'silent':
        return { kind: 'silent', ...(reply.noWay && { noWay: true }) };
      default:
        return { kind: reply.kind };
    }
  }

  /** The way there leads to a peer that has an address of its own: that says nothing about the member. */
  #isElsewhere(id: string | undefined): boolean {
    const { list, self } = this.#ctx;
    return id !== undefined && (id === self.id || list.peek(id) !== undefined);
  }

  /** Helpers check it too; as soon as one answer settles the matter, the others do not count. */
  async #ask(
    member: MemberRecord,
    direct: 'silent' | 'refused',
    noWay = false,
  ): Promise<Verdict> {
    const own = direct === 'refused' ? 1 : 0;
    const helpers = this.#helpers(member.id);
    if (helpers.length === 0) {
      return this.#alone(member, direct);
    }
    const answers = await firstThat(
      helpers.map((helper) => this.#askHelper(helper, member.id)),
      (soFar) => isReached(soFar) || own + refusals(soFar) >= 2,
    );
    if (this.#ctx.calls.stopped) {
      return { kind: 'unsure' };
    }
    if (isReached(answers)) {
      // It is there, so the wait was too short, or the way is bad.
      if (direct === 'silent') {
        this.#roundTrips.tooShort();
      }
      return { kind: 'alive' };
    }
    if (own + refusals(answers) >= 2) {
      return { kind: 'refused' };
    }
    // Helpers that say nothing at all speak against this peer's own line (Lifeguard).
    if (answers.every((answer) => answer === undefined)) {
      this.#health.note(1);
    } else if (noWay) {
      // Only others can tell, and what they say comes by gossip.
      return this.#noWayTo(member);
    }
    return { kind: 'silent' };
  }

  /**
   * With nobody to ask, this peer asks itself again: several refused connections in a row are as
   * certain as a second peer's word.
   */
  async #alone(
    member: MemberRecord,
    direct: 'silent' | 'refused',
  ): Promise<Verdict> {
    let verdict: Verdict = { kind: direct };
    for (
      let more = REFUSALS_ALONE - 1;
      more > 0 && verdict.kind === 'refused';
      more--
    ) {
      await sleep(this.#ctx, this.timeout);
      verdict = await this.direct(member, 1);
    }
    return verdict.kind === 'silent'
      ? { kind: 'silent', alone: !this.#hasOthers(member.id) }
      : verdict;
  }

  #helpers(target: string): MemberRecord[] {
    const { list, options } = this.#ctx;
    const helps = (id: string) => {
      const member = list.get(id);
      return (
        id !== target && member?.state === 'alive' && speaks(member, 'probe')
      );
    };
    return this.#ring
      .sample(options.indirectProbes, helps)
      .map((id) => list.peek(id)!);
  }

  /** Others that are suspects themselves may be well, and this peer the one that is cut off. */
  #hasOthers(target: string): boolean {
    return [...this.#ctx.list.records()].some(
      (member) => member.id !== target && speaks(member, 'probe'),
    );
  }

  async #askHelper(
    helper: MemberRecord,
    target: string,
  ): Promise<HelperAnswer | undefined> {
    const reply = await this.#caller.ask(helper, this.timeout * HELPER_FACTOR, {
      probe: target,
    });
    const answer = readHelperAnswer(reply.status?.ext, target);
    const isThere = reply.status !== undefined || reply.kind === 'busy';
    return answer ?? (isThere ? NO_SAY : undefined);
  }
}

interface HelperAnswer {
  readonly online: boolean;
  readonly refused: boolean;
}

/** Of a helper that is there, but did not check. */
const NO_SAY: HelperAnswer = { online: false, refused: false };

type HelperAnswers = readonly (HelperAnswer | undefined)[];

function isReached(answers: HelperAnswers): boolean {
  return answers.some((answer) => answer?.online === true);
}

function refusals(answers: HelperAnswers): number {
  return answers.filter((answer) => answer?.refused === true).length;
}

/** All answers, or those so far as soon as they are enough. */
function firstThat(
  asked: readonly Promise<HelperAnswer | undefined>[],
  enough: (answers: HelperAnswers) => boolean,
): Promise<HelperAnswers> {
  return new Promise((resolve) => {
    const answers: (HelperAnswer | undefined)[] = [];
    for (const one of asked) {
      void one.then((answer) => {
        answers.push(answer);
        if (enough(answers) || answers.length === asked.length) {
          resolve([...answers]);
        }
      });
    }
  });
}

function readHelperAnswer(
  ext: JsonObject | undefined,
  target: string,
): HelperAnswer | undefined {
  const probe = ext?.probe;
  return isJsonObject(probe) && probe.id === target
    ? { online: probe.online === true, refused: probe.refused === true }
    : undefined;
}
