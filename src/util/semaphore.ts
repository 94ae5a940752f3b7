import { AsyncLocalStorage } from 'node:async_hooks';

/** Told that its turn has come, or that it was turned away. */
type Waiting = (mayRun: boolean) => void;

/**
 * A bounded number of slots, and a bounded queue for tasks that wait for one. Tasks of one origin run in
 * order, and the origins take turns, so that one with many tasks does not hold up another with few.
 * A caller that does not wait in the queue may ask to be called back instead (`whenFree`).
 */
export class Semaphore {
  #taken = 0;
  /** Tasks that wait, by origin, the one whose turn is next first. */
  readonly #queued = new Map<string, Waiting[]>();
  #queuedCount = 0;
  readonly #callbacks = new Set<() => void>();
  // A callback has nothing to do with the context of the task that ends.
  readonly #outside = AsyncLocalStorage.snapshot();

  readonly #slots: number;
  readonly #queue: number;

  /**
   * @param slots tasks that run at once
   * @param queue tasks that may wait; more are turned away
   */
  constructor(slots: number, queue = Infinity) {
    this.#slots = slots;
    this.#queue = queue;
  }

  /** True while every slot is taken. */
  get isFull(): boolean {
    return this.#taken >= this.#slots;
  }

  /** True while no slot is taken. */
  get isIdle(): boolean {
    return this.#taken === 0;
  }

  /** True if another task of an origin that has the whole queue would be turned away. */
  get isSaturated(): boolean {
    return this.isFull && this.#queuedCount >= this.#queue;
  }

  /** Takes a slot, to be given back by `release()`; false if none is free. */
  tryAcquire(): boolean {
    if (this.isFull) {
      return false;
    }
    this.#taken++;
    return true;
  }

  release(): void {
    this.#taken--;
    if (this.#queuedCount > 0) {
      this.#runNext();
    }
    if (this.#callbacks.size > 0) {
      this.#outside(this.#callBack);
    }
  }

  /** Calls back, once, when a slot is free. A callback that takes it and asks again waits at the end: all take turns. */
  whenFree(callback: () => void): void {
    this.#callbacks.add(callback);
  }

  /** Does not call back any more. */
  forget(callback: () => void): void {
    this.#callbacks.delete(callback);
  }

  /** Runs the task when its turn comes; undefined, without running it, if too many wait. */
  async run<T>(task: () => Promise<T>, origin = ''): Promise<T | undefined> {
    if (!this.tryAcquire() && !(await this.#turn(origin))) {
      return undefined;
    }
    try {
      return await task();
    } finally {
      this.release();
    }
  }

  #turn(origin: string): Promise<boolean> {
    if (this.#queuedCount >= this.#queue && !this.#makeRoom(origin)) {
      return Promise.resolve(false);
    }
    return new Promise((resolve) => {
      const line = this.#queued.get(origin);
      if (line) {
        line.push(resolve);
      } else {
        this.#queued.set(origin, [resolve]);
      }
      this.#queuedCount++;
    });
  }

  /** Turns away the last one of the origin with the most, for one that has fewer. */
  #makeRoom(origin: string): boolean {
    let longest: Waiting[] = [];
    for (const line of this.#queued.values()) {
      if (line.length > longest.length) {
        longest = line;
      }
    }
    const own = this.#queued.get(origin)?.length ?? 0;
    if (longest.length <= own + 1) {
      return false;
    }
    this.#queuedCount--;
    longest.pop()!(false);
    return true;
  }

  /** The slot goes straight to the next task, so that nobody slips in between. */
  #runNext(): void {
    const [origin, line] = this.#queued.entries().next().value!;
    this.#queued.delete(origin);
    const next = line.shift()!;
    if (line.length > 0) {
      this.#queued.set(origin, line);
    }
    this.#queuedCount--;
    this.#taken++;
    next(true);
  }

  readonly #callBack = (): void => {
    while (this.#callbacks.size > 0 && !this.isFull) {
      const [next] = this.#callbacks;
      this.#callbacks.delete(next!);
      next!();
    }
  };
}

/** Slots for each key, within the slots of all. */
export class KeyedSemaphore {
  readonly #byKey = new Map<string, Semaphore>();

  readonly #slots: number;
  readonly #all: Semaphore;

  /**
   * @param slots of one key
   * @param all the slots that all keys share
   */
  constructor(slots: number, all: Semaphore) {
    this.#slots = slots;
    this.#all = all;
  }

  /** Takes a slot of the key's, to be given back by `release()`; false if none is free. */
  tryAcquire(key: string): boolean {
    const own = this.#byKey.get(key) ?? new Semaphore(this.#slots);
    if (own.isFull || !this.#all.tryAcquire()) {
      return false;
    }
    own.tryAcquire();
    this.#byKey.set(key, own);
    return true;
  }

  release(key: string): void {
    const own = this.#byKey.get(key)!;
    own.release();
    if (own.isIdle) {
      this.#byKey.delete(key);
    }
    this.#all.release();
  }
}
