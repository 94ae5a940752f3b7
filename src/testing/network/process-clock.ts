import type { Clock } from '../../membership/index.js';

interface ProcessTimer {
  callback: (() => void) | undefined;
  base: unknown;
}

/** For how long after waking a stall still counts as event-loop delay, in ms. */
const DELAY_MEMORY = 1000;

/**
 * The clock of one simulated process: its Unix time may be wrong (skew), and while the process is
 * stalled nothing that waits in it happens; what came due meanwhile happens at waking, in order.
 */
export class ProcessClock implements Clock {
  readonly #waiting: (() => void)[] = [];
  #stalledAt: number | undefined;
  #wokeAt = -Infinity;
  #lastStall = 0;
  #dead = false;

  readonly #base: Clock;

  /**
   * @param base the clock of the network
   * @param skew ms by which this process's Unix time is ahead
   */
  constructor(
    base: Clock,
    readonly skew = 0,
  ) {
    this.#base = base;
  }

  get isStalled(): boolean {
    return this.#stalledAt !== undefined;
  }

  get isDead(): boolean {
    return this.#dead;
  }

  now(): number {
    return Math.floor(this.#base.now() + this.skew);
  }

  monotonic(): number {
    return this.#base.monotonic();
  }

  setTimeout(callback: () => void, ms: number): ProcessTimer {
    const timer: ProcessTimer = { callback, base: undefined };
    timer.base = this.#base.setTimeout(() => this.#due(timer), ms);
    return timer;
  }

  clearTimeout(timer: unknown): void {
    if (!timer) {
      return;
    }
    const known = timer as ProcessTimer;
    known.callback = undefined;
    this.#base.clearTimeout(known.base);
  }

  #due(timer: ProcessTimer): void {
    if (this.isStalled) {
      this.whenAwake(() => this.#due(timer));
    } else if (!this.#dead) {
      const { callback } = timer;
      timer.callback = undefined;
      callback?.();
    }
  }

  /** Runs the callback now, or at waking if the process is stalled, or never if it is dead. */
  whenAwake(callback: () => void): void {
    if (this.#dead) {
      return;
    }
    if (this.isStalled) {
      this.#waiting.push(callback);
    } else {
      callback();
    }
  }

  /** From now until `wake` nothing happens in this process. */
  stall(): void {
    this.#stalledAt ??= this.#base.monotonic();
  }

  wake(): void {
    if (this.#stalledAt === undefined) {
      return;
    }
    this.#wokeAt = this.#base.monotonic();
    this.#lastStall = this.#wokeAt - this.#stalledAt;
    this.#stalledAt = undefined;
    // One by one, as an event loop does: promises settle between them.
    for (const callback of this.#waiting.splice(0)) {
      this.#base.setTimeout(() => this.whenAwake(callback), 0);
    }
  }

  /** The process is gone: none of its timers will ever fire. */
  kill(): void {
    this.#dead = true;
    this.#waiting.length = 0;
  }

  /** Event-loop delay in ms, as the process would measure it: the length of a stall just over. */
  delay(): number {
    return this.monotonic() - this.#wokeAt <= DELAY_MEMORY
      ? this.#lastStall
      : 0;
  }
}
