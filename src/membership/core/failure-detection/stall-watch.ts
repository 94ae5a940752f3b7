import type { CoreContext } from '../core-context.js';

/** Ms beyond the usual pause between two ticks that count as a stall. */
const MIN_STALL = 1000;

/** Reports of the same stall come within so many ms. */
const SAME_STALL = 1000;

/** Notices that this process stood still: what was due meanwhile says nothing about others. */
export class StallWatch {
  /** Called with the length of each stall in ms; a longer report of the same one adds the difference. */
  onStall: (ms: number) => void = () => {};
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
    this.onStall(more);
  }
}
