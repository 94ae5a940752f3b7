/** Told that its turn has come, or that it was turned away. */
type Waiting = (mayRun: boolean) => void;

/**
 * Lets a bounded number of tasks run at once, and a bounded number wait. Those of one origin run in
 * order, and the origins take turns, so that one with many tasks does not hold up another with few.
 */
export class Limiter {
  /** Those that wait, by origin, the one whose turn is next first. */
  readonly #waiting = new Map<string, Waiting[]>();
  #waitingCount = 0;
  #running = 0;

  readonly #slots: number;
  readonly #queue: number;

  /**
   * @param slots tasks that run at once
   * @param queue tasks that may wait; more are turned away
   */
  constructor(slots: number, queue: number) {
    this.#slots = slots;
    this.#queue = queue;
  }

  /** True if another task of an origin that has all that wait would be turned away. */
  get isFull(): boolean {
    return this.#running >= this.#slots && this.#waitingCount >= this.#queue;
  }

  /** Runs the task when its turn comes; undefined, without running it, if too many wait. */
  async run<T>(task: () => Promise<T>, origin = ''): Promise<T | undefined> {
    if (this.#running < this.#slots) {
      this.#running++;
    } else if (!(await this.#turn(origin))) {
      return undefined;
    }
    try {
      return await task();
    } finally {
      this.#next();
    }
  }

  #turn(origin: string): Promise<boolean> {
    if (this.#waitingCount >= this.#queue && !this.#makeRoom(origin)) {
      return Promise.resolve(false);
    }
    return new Promise((resolve) => {
      const line = this.#waiting.get(origin);
      if (line) {
        line.push(resolve);
      } else {
        this.#waiting.set(origin, [resolve]);
      }
      this.#waitingCount++;
    });
  }

  /** Turns away the last one of the origin with the most, for one that has fewer. */
  #makeRoom(origin: string): boolean {
    let longest: Waiting[] = [];
    for (const line of this.#waiting.values()) {
      if (line.length > longest.length) {
        longest = line;
      }
    }
    const own = this.#waiting.get(origin)?.length ?? 0;
    if (longest.length <= own + 1) {
      return false;
    }
    this.#waitingCount--;
    longest.pop()!(false);
    return true;
  }

  /** The slot goes straight to the next one, so that nobody slips in between. */
  #next(): void {
    for (const [origin, line] of this.#waiting) {
      this.#waiting.delete(origin);
      const next = line.shift()!;
      if (line.length > 0) {
        this.#waiting.set(origin, line);
      }
      this.#waitingCount--;
      next(true);
      return;
    }
    this.#running--;
  }
}
