import { AsyncLocalStorage } from 'node:async_hooks';

/** What is at work, within a bound, and who waits for room. */
export class WorkLoad {
  #running = 0;
  readonly #waiting = new Set<() => void>();
  // Who waits has nothing to do with whose work ends.
  readonly #outside = AsyncLocalStorage.snapshot();

  readonly #max: number;

  /** @param max at work at the same time */
  constructor(max: number) {
    this.#max = max;
  }

  get isFull(): boolean {
    return this.#running >= this.#max;
  }

  get isIdle(): boolean {
    return this.#running === 0;
  }

  enter(): void {
    this.#running++;
  }

  leave(): void {
    this.#running--;
    if (this.#waiting.size > 0) {
      this.#outside(this.#callBack);
    }
  }

  /** Calls back, once, when there is room. */
  wait(callback: () => void): void {
    this.#waiting.add(callback);
  }

  /** Does not call back any more. */
  forget(callback: () => void): void {
    this.#waiting.delete(callback);
  }

  /** Who is called and finds it full again waits at the end: all take turns. */
  readonly #callBack = (): void => {
    while (this.#waiting.size > 0 && !this.isFull) {
      const [next] = this.#waiting;
      this.#waiting.delete(next!);
      next!();
    }
  };
}
