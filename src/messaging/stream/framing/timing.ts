import { AsyncLocalStorage } from 'node:async_hooks';

// Kept, since tests of applications put another clock in its place, which stands still.
const { setImmediate } = globalThis;

let waiting: (() => void)[] = [];

/**
 * Calls back at the end of this turn of the event loop, when everything that has come in is read: what
 * several sockets have brought goes out together. One immediate for all: each costs as much as a message.
 */
export function atTurnEnd(callback: () => void): void {
  if (waiting.push(callback) === 1) {
    setImmediate(callAll);
  }
}

function callAll(): void {
  const all = waiting;
  waiting = [];
  let called = 0;
  try {
    while (called < all.length) {
      all[called++]!();
    }
  } finally {
    // What one of them throws is the process's to see, and costs the others a turn.
    for (const rest of all.slice(called)) {
      atTurnEnd(rest);
    }
  }
}

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

/** Ms after which the fastest is looked for anew. */
const WINDOW = 10_000;

/**
 * Tells how long something was on the way, without comparing the clocks of two machines: what came
 * fastest lately counts as not delayed, and the others by how much later they came. Only lately, because
 * clocks drift apart, and stop with the virtual machine that they run on: what was fast before that
 * would make everything after it look late. For one or two windows after the sender's clock has stood
 * still it does, by as long as that was.
 */
export class TransitClock {
  /** The smallest differences of the clocks, in this window and in the one before. */
  #present = Infinity;
  #previous = Infinity;
  #windowEnd = -Infinity;

  /** Ms by which something that was sent at `sent` (the other clock) and is here at `now` is late. */
  delayOf(sent: number, now: number): number {
    if (now >= this.#windowEnd) {
      this.#previous =
        now < this.#windowEnd + WINDOW ? this.#present : Infinity;
      this.#present = Infinity;
      this.#windowEnd = now + WINDOW;
    }
    const offset = now - sent;
    this.#present = Math.min(this.#present, offset);
    return offset - Math.min(this.#present, this.#previous);
  }
}
