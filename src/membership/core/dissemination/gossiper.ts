import type { JsonObject } from '../../../wire/json.js';
import type { TimerHandle } from '../environment.js';
import type { CoreContext } from '../context.js';
import type { ProbeRing } from '../failure-detection/index.js';
import {
  speaks,
  type MemberAdded,
  type MemberChange,
  type MemberChanged,
  type MemberRecord,
  type MemberRemoved,
} from '../member-list/index.js';
import type { StatusCaller } from '../status/index.js';
import { recordUpdate, stateUpdate } from './gossip-extension.js';
import type { GossipQueue } from './gossip-queue.js';
import type { Notifier } from './notifier.js';

/** Rounds whose answers may be outstanding when the next one starts. */
const MAX_ROUNDS_UNDER_WAY = 4;

/**
 * Part of the interval that an update waits at most after a time without any: several often come at once,
 * and one body takes them all.
 */
const MOMENT = 0.25;

/**
 * How much longer the pause between rounds gets with each request that is not answered within the time of a
 * check, how much shorter with each that is, and the most. It takes eight of nine late ones to get longer:
 * more than loss.
 */
const SLOWER = 1.1;
const FASTER = 0.5;
const MAX_SLOWNESS = 16;

/**
 * Spreads what this peer comes to know: by rounds of gossip, for as long as there are updates that do not
 * wait for the next check.
 */
export class Gossiper {
  #timer: TimerHandle;
  #lastRound = -Infinity;
  #underWay = 0;
  #slowness = 1;

  readonly #ctx: CoreContext;
  readonly #queue: GossipQueue;
  readonly #ring: ProbeRing;
  readonly #caller: StatusCaller;
  readonly #notifier: Notifier;

  constructor(
    ctx: CoreContext,
    queue: GossipQueue,
    ring: ProbeRing,
    caller: StatusCaller,
    notifier: Notifier,
  ) {
    this.#ctx = ctx;
    this.#queue = queue;
    this.#ring = ring;
    this.#caller = caller;
    this.#notifier = notifier;
  }

  /** True while updates are on their way, so that lists differ for a good reason. */
  get isBusy(): boolean {
    return this.#queue.hasUrgent;
  }

  /** A member is new on the list. */
  added(change: MemberAdded): void {
    if (!change.source.quiet) {
      this.#spreadRecord(change);
    }
  }

  /** A member has another record. */
  changed(change: MemberChanged): void {
    const { source, member, previous } = change;
    if (source.quiet) {
      return;
    }
    if (member.state === 'suspect') {
      // A suspect's new record makes no new suspicion: the suspect spreads the record itself.
      if (previous.state === 'suspect') {
        return;
      }
      this.suspected(member, source.suspectedBy ?? this.#ctx.self.id);
    } else if (member.incarnation > previous.incarnation) {
      this.#spreadRecord(change);
    }
  }

  /** A member is off the list. */
  removed({ member: { id, incarnation, state }, source }: MemberRemoved): void {
    if (source.quiet) {
      return;
    }
    const { isDirect } = this.#notifier;
    const end = state === 'left' ? 'left' : 'dead';
    const byItself = source.origin === 'left' && source.from === id;
    this.#spread(
      id,
      stateUpdate({ id, incarnation, state: end }),
      !(byItself && isDirect),
    );
    if (source.origin === 'check' && isDirect) {
      this.#notifyEnd(id);
    }
  }

  /** A suspicion, or another member's confirmation of one, is new. */
  suspected(
    { id, incarnation }: Pick<MemberRecord, 'id' | 'incarnation'>,
    by: string,
  ): void {
    this.#spread(id, stateUpdate({ id, incarnation, state: 'suspect' }, by));
  }

  /** A member's join did not reach all that were notified directly: its record is spread once more. */
  again(id: string): void {
    const member = this.#ctx.list.peek(id);
    if (member) {
      const { isDirect } = this.#notifier;
      this.#spread(id, recordUpdate(member, true), !isDirect);
    }
  }

  /** This peer's own record has changed. */
  self(urgent = true): void {
    const { record } = this.#ctx.self;
    if (this.#ctx.list.size > 0) {
      this.#spread(record.id, recordUpdate(record, true), urgent);
    }
  }

  stop(): void {
    this.#ctx.env.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #spreadRecord(change: MemberAdded | MemberChanged): void {
    const { member, source } = change;
    const update = recordUpdate(member, source.legacyNotified === true);
    this.#spread(member.id, update, this.#isUrgent(change));
  }

  /** What everybody was notified of directly only has to reach those who missed it, and may ride along. */
  #isUrgent({ source }: MemberChange): boolean {
    const byRequest =
      source.origin === 'join' ||
      source.origin === 'joined' ||
      source.origin === 'update';
    return !(byRequest && this.#notifier.isDirect);
  }

  /** Legacy members hear of it from the peer that is responsible for them. */
  #notifyEnd(id: string): void {
    for (const member of this.#notifier.recipients(id)) {
      if (member.features.length > 0) {
        void this.#notifier.left(member, id);
      }
    }
  }

  /** Adds an update about a member, in place of an older one. */
  #spread(id: string, update: JsonObject, urgent = true): void {
    if (!this.#ctx.life.active) {
      return;
    }
    this.#queue.add(id, update, urgent);
    this.#arm();
  }

  #arm(): void {
    if (this.#timer !== undefined || !this.#queue.hasUrgent) {
      return;
    }
    const { env, options, life } = this.#ctx;
    if (!life.active) {
      return;
    }
    // A little chance keeps the rounds of many peers apart.
    const jitter = 0.9 + 0.2 * env.random.next();
    const interval = options.gossipInterval * this.#slowness * jitter;
    const moment = options.gossipInterval * MOMENT * env.random.next();
    const rested = env.clock.monotonic() - this.#lastRound;
    const wait = Math.max(interval - rested, moment);
    this.#timer = env.clock.setTimeout(() => {
      this.#timer = undefined;
      this.#round();
    }, wait);
  }

  /** Sends what there is to a few members. */
  #round(): void {
    const { env, list, options, life } = this.#ctx;
    if (!life.active || !this.#queue.hasUrgent) {
      return;
    }
    this.#lastRound = env.clock.monotonic();
    // Where answers take longer than the rounds, more requests would only make it worse.
    if (this.#underWay > options.gossipFanout * MAX_ROUNDS_UNDER_WAY) {
      this.#arm();
      return;
    }
    const hears = (id: string) => {
      const member = list.peek(id);
      return member !== undefined && speaks(member, 'gossip');
    };
    const targets = this.#ring.sample(options.gossipFanout, hears);
    for (const id of targets) {
      void this.#send(list.peek(id)!);
    }
    // With nobody to send them to, updates would wait for ever.
    if (targets.length > 0) {
      this.#arm();
    } else {
      this.#queue.calm();
    }
  }

  /** Many members that do not answer, or not in time for a check, are too busy: this peer must not keep them so. */
  async #send(member: MemberRecord): Promise<void> {
    const { env, options } = this.#ctx;
    const start = env.clock.monotonic();
    this.#underWay++;
    const { kind } = await this.#caller.check(member, options.requestTimeout);
    this.#underWay--;
    if (kind === 'aborted') {
      return;
    }
    const isLate = env.clock.monotonic() - start > options.probeTimeout;
    const change = kind === 'silent' || isLate ? SLOWER : FASTER;
    const slowness = Math.max(1, this.#slowness * change);
    this.#slowness = Math.min(slowness, MAX_SLOWNESS);
  }
}
