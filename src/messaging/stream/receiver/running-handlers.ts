import { Semaphore } from '../../../util/semaphore.js';
import { DeadlineWatch, InFlightTable } from '../framing/index.js';

/** Handlers at work for one sender, on all its streams together, as a part of what is at work for all. */
export class SenderLoad {
  readonly #own: Semaphore;

  readonly #all: Semaphore;
  readonly #onIdle: () => void;

  /**
   * @param max handlers at work at the same time
   * @param all what is at work for all senders
   * @param onIdle none is at work any more
   */
  constructor(max: number, all: Semaphore, onIdle: () => void) {
    this.#all = all;
    this.#onIdle = onIdle;
    this.#own = new Semaphore(max);
  }

  get isFull(): boolean {
    return this.#own.isFull || this.#all.isFull;
  }

  get isIdle(): boolean {
    return this.#own.isIdle;
  }

  enter(): void {
    this.#own.tryAcquire();
    this.#all.tryAcquire();
  }

  leave(): void {
    this.#own.release();
    this.#all.release();
    if (this.isIdle) {
      this.#onIdle();
    }
  }

  /** Calls back, once, when there may be room; to be called only while it is full. */
  wait(callback: () => void): void {
    (this.#own.isFull ? this.#own : this.#all).whenFree(callback);
  }

  /** Does not call back any more. */
  forget(callback: () => void): void {
    this.#own.forget(callback);
    this.#all.forget(callback);
  }
}

/**
 * The handlers that a stream has at work. Each counts until it settles, but not much longer than anybody
 * waits for it: one that never settles would hold its place for ever. How long that is the sender says, so
 * each counts for some time of this peer's own choice at least.
 */
export class RunningHandlers {
  /** Deadlines, in whole ms: those need no memory of their own. */
  readonly #deadlines: InFlightTable<number>;
  readonly #watch = new DeadlineWatch((now) => this.#expire(now));
  /** When all of it is over, whatever the deadlines are. */
  #end = Infinity;

  readonly #minTime: number;
  readonly #load: SenderLoad;
  readonly #onEmpty: () => void;

  /**
   * @param minTime ms for which each counts that has not settled, however short its deadline is
   * @param onEmpty nothing is at work any more
   */
  constructor(
    max: number,
    minTime: number,
    load: SenderLoad,
    onEmpty: () => void,
  ) {
    this.#minTime = minTime;
    this.#load = load;
    this.#onEmpty = onEmpty;
    this.#deadlines = new InFlightTable(max);
  }

  get isEmpty(): boolean {
    return this.#deadlines.size === 0;
  }

  /** Counts one in, and returns its number; to be called only while the load is not full. */
  enter(deadline: number): number {
    const end = Math.max(deadline, performance.now() + this.#minTime);
    const whole = Math.min(Math.ceil(end), this.#end);
    this.#load.enter();
    this.#watch.watch(whole);
    return this.#deadlines.add(whole);
  }

  /** Nobody waits for that one any more. */
  abandonOne(number: number): void {
    const end = Math.ceil(performance.now() + this.#minTime);
    this.#deadlines.replace(number, end);
    this.#watch.watch(end);
  }

  /** Nobody waits for any of it any more. */
  abandon(): void {
    this.#end = Math.ceil(performance.now() + this.#minTime);
    if (!this.isEmpty) {
      this.#watch.watch(this.#end);
    }
  }

  /** Counts one out, unless its time was over before. */
  leave(number: number): void {
    if (this.#deadlines.take(number) !== undefined) {
      this.#load.leave();
      if (this.isEmpty) {
        this.#onEmpty();
      }
    }
  }

  #expire(now: number): number {
    let next = Infinity;
    for (const [number, deadline] of this.#deadlines) {
      const end = Math.min(deadline, this.#end);
      if (end <= now) {
        this.leave(number);
      } else {
        next = Math.min(next, end);
      }
    }
    return next;
  }
}
