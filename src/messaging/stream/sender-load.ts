import { Semaphore } from '../../util/semaphore.js';

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
