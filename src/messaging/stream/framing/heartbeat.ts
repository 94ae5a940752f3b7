import { AsyncLocalStorage } from 'node:async_hooks';

/** Intervals by which a heartbeat may be late before the process counts as stalled. */
const STALLED_AFTER = 2;

/** A regular beat for many streams, with one timer; it does not keep the process alive. */
export class Heartbeat {
  #timer: NodeJS.Timeout | undefined;
  readonly #outside = AsyncLocalStorage.snapshot();
  #last = 0;

  readonly #interval: number;
  readonly #beat: (now: number, stalled: boolean) => void;

  /** @param beat is told whether this process stood still since the last beat */
  constructor(interval: number, beat: (now: number, stalled: boolean) => void) {
    this.#interval = interval;
    this.#beat = beat;
  }

  /** Starts it, if it is not running. */
  start(): void {
    if (!this.#timer) {
      this.#last = performance.now();
      // It beats for everybody, not for who starts it.
      this.#timer = this.#outside(() =>
        setInterval(this.#run, this.#interval).unref(),
      );
    }
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  readonly #run = () => {
    const now = performance.now();
    const stalled = now - this.#last > this.#interval * STALLED_AFTER;
    this.#last = now;
    this.#beat(now, stalled);
  };
}
