import type { CoreContext } from '../context.js';

/** Ms after which it is worth a warning: replicas that start together find each other sooner. */
const PATIENCE = 10_000;

/** Ms between two such warnings. */
const WARN_EVERY = 10 * 60_000;

/** Says that this peer has seeds and is alone, why, and when that is over. */
export class Alone {
  #since: number | undefined;
  #warnedAt = -Infinity;

  readonly #ctx: CoreContext;

  constructor(ctx: CoreContext) {
    this.#ctx = ctx;
  }

  /** No seed has let this peer in: what stands in the way of each; nothing where there is none but itself. */
  goesOn(obstacles: readonly string[]): void {
    const now = this.#now;
    this.#since ??= now;
    if (
      obstacles.length === 0 ||
      now - this.#since < PATIENCE ||
      now - this.#warnedAt < WARN_EVERY
    ) {
      return;
    }
    this.#warnedAt = now;
    this.#ctx.env.logger.warn(
      `Alone for ${this.#seconds} s, and still trying: ${obstacles.join('; ')}`,
    );
  }

  ends(): void {
    if (this.#warnedAt > -Infinity) {
      this.#ctx.env.logger.log(`Alone no more, after ${this.#seconds} s`);
    }
    this.#since = undefined;
    this.#warnedAt = -Infinity;
  }

  get #seconds(): number {
    return Math.round((this.#now - (this.#since ?? this.#now)) / 1000);
  }

  get #now(): number {
    return this.#ctx.env.clock.monotonic();
  }
}
