import type { Clock } from '../membership/index.js';
import { VirtualClock } from './network/virtual-clock.js';

// Kept, since tests put other ones in their place, which stand still.
const { clearImmediate, clearTimeout, setImmediate, setTimeout } = globalThis;
const now = performance.now.bind(performance);

/** Longest ms that time catches up with: what a debugger or a busy processor takes has not passed in the cloud. */
const MAX_LAG = 1000;

/** Ms of the cloud's time between two looks at a condition. */
const SLICE = 50;
/** Ms of the cloud's time that pass as fast as the work allows; afterwards, what takes real time gets some. */
const HURRY = 10_000;
/** Real ms for each slice after that. */
const UNHURRIED = 2.5;

/**
 * The clock of a test cloud. Its time goes with the machine's, or stands still, and runs ahead of it while
 * `advance` and `until` are awaited. What is due at once happens at once in either case. Timers that a test
 * has replaced by other ones do not matter to it.
 */
export class CloudClock implements Clock {
  readonly #virtual = new VirtualClock(undefined, 1);
  /** How many want time to go with the machine's. */
  #flows: number;
  /** The machine's time at which that of the cloud began. */
  #origin = now();
  #work: Promise<unknown> = Promise.resolve();
  #running = 0;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #stopped = false;

  /** @param flows whether time goes with the machine's */
  constructor(flows: boolean) {
    this.#flows = flows ? 1 : 0;
  }

  now(): number {
    this.#keepUp();
    return this.#virtual.now();
  }

  monotonic(): number {
    this.#keepUp();
    return this.#virtual.monotonic();
  }

  setTimeout(callback: () => void, ms: number): unknown {
    this.#keepUp();
    const timer = this.#virtual.setTimeout(callback, ms);
    this.#arm();
    return timer;
  }

  clearTimeout(timer: unknown): void {
    this.#virtual.clearTimeout(timer);
  }

  /** Lets so many ms pass, as fast as the work allows. */
  advance(ms: number): Promise<void> {
    return this.#run(async () => {
      // What was sent in this turn of the event loop is on its way before time passes.
      await turn();
      await this.#virtual.run(ms);
    });
  }

  /**
   * Lets time pass until the condition holds.
   * @returns false if `timeout` ms passed before
   */
  async until(condition: () => boolean, timeout: number): Promise<boolean> {
    await this.advance(0);
    for (let passed = 0; !condition(); passed += SLICE) {
      if (passed >= timeout || this.#stopped) {
        return false;
      }
      if (passed >= HURRY) {
        await pause();
      }
      await this.advance(SLICE);
    }
    return true;
  }

  /** Lets time go with the machine's for as long as the work takes. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#keepUp();
    this.#origin = now() - this.#virtual.monotonic();
    this.#flows++;
    this.#arm();
    try {
      return await work();
    } finally {
      this.#keepUp();
      this.#flows--;
    }
  }

  /** Nothing happens any more. */
  stop(): void {
    this.#stopped = true;
    this.#disarm();
  }

  /** Where nothing was due, time has passed all the same. */
  #keepUp(): void {
    if (this.#running === 0 && this.#flows > 0) {
      this.#virtual.pass(this.#behind());
    }
  }

  /** Ms that the cloud's time is behind the machine's. */
  #behind(): number {
    const lag = now() - this.#origin - this.#virtual.monotonic();
    if (lag > MAX_LAG) {
      this.#origin += lag - MAX_LAG;
    }
    return Math.max(0, Math.min(lag, MAX_LAG));
  }

  #run(work: () => Promise<void>): Promise<void> {
    this.#running++;
    this.#disarm();
    const done = this.#work.then(work).finally(() => {
      this.#running--;
      this.#origin = Math.min(this.#origin, now() - this.#virtual.monotonic());
      this.#arm();
    });
    this.#work = done.catch(() => {});
    return done;
  }

  /** Makes sure that what is due next happens, unless time stands still before it. */
  #arm(): void {
    if (this.#running > 0 || this.#stopped) {
      return;
    }
    this.#disarm();
    const wait = this.#virtual.next - this.#virtual.monotonic();
    if (wait <= 0) {
      this.#immediate = setImmediate(this.#catchUp);
    } else if (this.#flows > 0 && wait < Infinity) {
      const left = Math.max(0, Math.ceil(wait - this.#behind()));
      this.#timer = setTimeout(this.#catchUp, left).unref();
    }
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }

  readonly #catchUp = (): void => {
    const ms = this.#flows > 0 ? this.#behind() : 0;
    void this.#run(() => this.#virtual.run(ms));
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, UNHURRIED));
}
