import { AsyncLocalStorage } from 'node:async_hooks';

/** Shortest ms between two looks: deadlines are kept to within this. */
const GRANULARITY = 5;

/** Longest ms that a timer of Node can hold; for a later deadline it runs once too often. */
const MAX_TIMER = 2 ** 31 - 1;

/** One timer for any number of deadlines: it runs at the earliest and asks what comes next. */
export class DeadlineWatch {
  #timer: NodeJS.Timeout | undefined;
  #next = Infinity;

  readonly #expire: (now: number) => number;

  /** @param expire fails what is past its deadline by `now`, and returns the next deadline */
  constructor(expire: (now: number) => number) {
    this.#expire = expire;
  }

  /** Makes sure that `expire` runs at that time, on the clock of `performance.now()`. */
  watch(deadline: number): void {
    if (deadline < this.#next) {
      this.#next = deadline;
      this.#arm(deadline - performance.now());
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#next = Infinity;
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer);
    const wait = Math.min(Math.max(GRANULARITY, Math.ceil(ms)), MAX_TIMER);
    this.#timer = setTimeout(this.#run, wait);
    // The sockets keep the process alive for as long as anybody waits.
    this.#timer.unref();
  }

  readonly #run = () => {
    // What is watched meanwhile counts as well.
    this.#next = Infinity;
    this.watch(this.#expire(performance.now()));
  };
}

/** Intervals by which a heartbeat may be late before the process counts as stalled. */
const STALLED_AFTER = 2;

/** Beats in the interval within which a stream gives a sign. */
export const BEATS = 4;

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
