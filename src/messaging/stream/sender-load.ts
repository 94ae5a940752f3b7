import { WorkLoad } from '../../security/work-load.js';

/** Handlers at work for one sender, on all its streams together, as a part of what is at work for all. */
export class SenderLoad {
  readonly #own: WorkLoad;

  readonly #all: WorkLoad;
  readonly #onIdle: () => void;

  /**
   * @param max handlers at work at the same time
   * @param all what is at work for all senders
   * @param onIdle none is at work any more
   */
  constructor(max: number, all: WorkLoad, onIdle: () => void) {
    this.#all = all;
    this.#onIdle = onIdle;
    this.#own = new WorkLoad(max);
  }

  get isFull(): boolean {
    return this.#own.isFull || this.#all.isFull;
  }

  get isIdle(): boolean {
    return this.#own.isIdle;
  }

  enter(): void {
    this.#own.enter();
    this.#all.enter();
  }

  leave(): void {
    this.#own.leave();
    this.#all.leave();
    if (this.isIdle) {
      this.#onIdle();
    }
  }

  /** Calls back, once, when there may be room; to be called only while it is full. */
  wait(callback: () => void): void {
    (this.#own.isFull ? this.#own : this.#all).wait(callback);
  }

  /** Does not call back any more. */
  forget(callback: () => void): void {
    this.#own.forget(callback);
    this.#all.forget(callback);
  }
}
