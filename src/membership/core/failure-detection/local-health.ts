import type { Clock } from '../environment.js';
import type { CoreContext } from '../context.js';

/** Ms in which a delay of the event loop that is over counts half. */
const HALF_LIFE = 2000;

/** How much a delay of the event loop may add to a timeout, in timeouts. */
const MAX_SLACK = 3;

/**
 * How well this peer itself keeps up (Lifeguard's local health): 0 is well. Its own timeouts stretch
 * with it, so that a slow peer doubts itself before it suspects others.
 */
export class LocalHealth {
  #score = 0;
  #delay = 0;
  #delayAt = 0;

  readonly #max: number;
  readonly #eventLoopDelay: () => number;
  readonly #clock: Clock;

  /**
   * @param max the worst score
   * @param eventLoopDelay how late this process has reacted since the last question, in ms
   */
  constructor(max: number, eventLoopDelay: () => number, clock: Clock) {
    this.#max = max;
    this.#eventLoopDelay = eventLoopDelay;
    this.#clock = clock;
  }

  get score(): number {
    return this.#score;
  }

  /** Worse for a positive change, better for a negative one. */
  note(change: number): void {
    this.#score = Math.min(this.#max, Math.max(0, this.#score + change));
  }

  /** A timeout in ms for judging others, stretched by the score. */
  stretch(timeout: number): number {
    return timeout * (1 + this.#score);
  }

  /** Ms that a wait of `timeout` ms needs on top, because this process is slow to notice its end. */
  slack(timeout: number): number {
    const now = this.#clock.monotonic();
    const held = this.#delay * 0.5 ** ((now - this.#delayAt) / HALF_LIFE);
    this.#delay = Math.max(held, this.#eventLoopDelay());
    this.#delayAt = now;
    return Math.min(this.#delay, timeout * MAX_SLACK);
  }
}

/** Weights of a new sample in the mean and in the deviation (RFC 6298). */
const MEAN_WEIGHT = 1 / 8;
const DEVIATION_WEIGHT = 1 / 4;

/** How much longer a wait gets after one that was too short, and at most. */
const BACKOFF = 1.5;
const MAX_BACKOFF = 8;

/** How long an answer may take, learned from those that came (as TCP does it). */
export class RoundTrips {
  #mean = 0;
  #deviation = 0;
  #backoff = 1;

  readonly #floor: number;
  readonly #ceiling: number;

  /**
   * @param floor ms that are waited at least
   * @param ceiling ms that are waited at most
   */
  constructor(floor: number, ceiling: number) {
    this.#floor = floor;
    this.#ceiling = ceiling;
  }

  /** An answer came after `ms`. */
  sample(ms: number): void {
    if (this.#mean === 0) {
      this.#mean = ms;
      this.#deviation = ms / 2;
    } else {
      const error = ms - this.#mean;
      this.#mean += error * MEAN_WEIGHT;
      this.#deviation += (Math.abs(error) - this.#deviation) * DEVIATION_WEIGHT;
    }
    this.#backoff = 1;
  }

  /** A member that is there did not answer in time: without waiting longer, there is nothing to learn from. */
  tooShort(): void {
    this.#backoff = Math.min(this.#backoff * BACKOFF, MAX_BACKOFF);
  }

  /** Ms to wait for an answer. */
  get timeout(): number {
    const learned = this.#mean + 4 * this.#deviation;
    return Math.min(
      Math.max(learned, this.#floor) * this.#backoff,
      this.#ceiling,
    );
  }
}

/** Ms beyond the usual pause between two ticks that count as a stall. */
const MIN_STALL = 1000;

/** Reports of the same stall come within so many ms. */
const SAME_STALL = 1000;

/** Notices that this process stood still: what was due meanwhile says nothing about others. */
export class StallWatch {
  #lastTickEnd: number | undefined;
  #reportedAt = -Infinity;
  #reported = 0;

  readonly #ctx: CoreContext;

  constructor(ctx: CoreContext) {
    this.#ctx = ctx;
  }

  /** A tick begins: was the pause since the last one longer than the schedule explains? */
  tickBegins(): void {
    const now = this.#ctx.env.clock.monotonic();
    const pause = now - (this.#lastTickEnd ?? now);
    // The schedule is jittered and leaves out a tick while one is under way.
    const usual = 3 * this.#ctx.options.probeInterval;
    if (pause > usual + MIN_STALL) {
      this.late(pause - this.#ctx.options.probeInterval);
    }
    this.#lastTickEnd = now;
  }

  tickEnded(): void {
    this.#lastTickEnd = this.#ctx.env.clock.monotonic();
  }

  /** Something happened so many ms too late. */
  late(ms: number): void {
    const now = this.#ctx.env.clock.monotonic();
    if (now - this.#reportedAt > SAME_STALL) {
      this.#reported = 0;
    }
    if (ms <= this.#reported) {
      return;
    }
    const more = ms - this.#reported;
    this.#reported = ms;
    this.#reportedAt = now;
    this.#ctx.events.emit('process.stalled', more);
  }
}
