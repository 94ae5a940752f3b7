/** Lets a bounded number of tasks run at once, and a bounded number wait, in order. */
export class Limiter {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /**
   * @param slots tasks that run at once
   * @param queue tasks that may wait; more are turned away
   */
  constructor(
    private readonly slots: number,
    private readonly queue: number,
  ) {}

  /** True if a task given now would be turned away. */
  get isFull(): boolean {
    return this.#running >= this.slots && this.#waiting.length >= this.queue;
  }

  /** Runs the task when its turn comes; undefined, without running it, if too many wait already. */
  async run<T>(task: () => Promise<T>): Promise<T | undefined> {
    if (this.isFull) return undefined;
    if (this.#running >= this.slots) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      return await task();
    } finally {
      // The slot goes straight to the next one, so that nobody slips in between.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
