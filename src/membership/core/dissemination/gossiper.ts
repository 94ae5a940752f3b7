import type { JsonObject } from '../../../wire/json.js';
import type { CoreContext } from '../core-context.js';
import type { TimerHandle } from '../clock.js';
import { speaksGossip } from './gossip-extension.js';
import type { GossipQueue } from './gossip-queue.js';
import type { MemberRecord } from '../member-list/member-record.js';
import type { ProbeRing } from '../failure-detection/probe-ring.js';
import type { StatusCaller } from '../status/status-caller.js';

/** Rounds whose answers may be outstanding when the next one starts. */
const MAX_ROUNDS_UNDER_WAY = 4;

/**
 * Part of the interval that news waits at most after a time without any: several pieces often come at
 * once, and one body takes them all.
 */
const MOMENT = 0.25;

/**
 * How much longer the pause between rounds gets with each request that is not answered, how much shorter
 * with each that is, and the most. It takes eight of nine unanswered ones to get longer: more than loss.
 */
const SLOWER = 1.1;
const FASTER = 0.5;
const MAX_SLOWNESS = 16;

/** Rounds of gossip, for as long as there is news that does not wait for the next check. */
export class Gossiper {
  #timer: TimerHandle;
  #lastRound = -Infinity;
  #underWay = 0;
  #slowness = 1;

  readonly #ctx: CoreContext;
  readonly #queue: GossipQueue;
  readonly #ring: ProbeRing;
  readonly #caller: StatusCaller;

  constructor(
    ctx: CoreContext,
    queue: GossipQueue,
    ring: ProbeRing,
    caller: StatusCaller,
  ) {
    this.#ctx = ctx;
    this.#queue = queue;
    this.#ring = ring;
    this.#caller = caller;
  }

  /** True while news is on its way, so that lists differ for a good reason. */
  get isBusy(): boolean {
    return this.#queue.hasUrgent;
  }

  /** Adds news about a member, in place of older news about it. */
  spread(id: string, news: JsonObject, urgent: boolean): void {
    if (!this.#ctx.life.active) {
      return;
    }
    this.#queue.add(id, news, urgent);
    this.#arm();
  }

  stop(): void {
    this.#ctx.env.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
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
      this.round();
    }, wait);
  }

  /** Sends what there is to a few members. */
  round(): void {
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
      return member !== undefined && speaksGossip(member);
    };
    const targets = this.#ring.sample(options.gossipFanout, hears);
    for (const id of targets) {
      void this.#tell(list.peek(id)!);
    }
    // With nobody to tell, news would wait for ever.
    if (targets.length > 0) {
      this.#arm();
    } else {
      this.#queue.calm();
    }
  }

  /** Many that do not answer are too busy to: this peer must not keep them so. */
  async #tell(member: MemberRecord): Promise<void> {
    this.#underWay++;
    const { kind } = await this.#caller.ask(
      member,
      this.#ctx.options.requestTimeout,
    );
    this.#underWay--;
    if (kind === 'aborted') {
      return;
    }
    const change = kind === 'silent' ? SLOWER : FASTER;
    const slowness = Math.max(1, this.#slowness * change);
    this.#slowness = Math.min(slowness, MAX_SLOWNESS);
  }
}
