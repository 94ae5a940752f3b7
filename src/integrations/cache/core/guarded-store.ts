import type { Drop } from './drop.js';
import type { Position } from './drop-message.js';
import { DropHistory } from './drop-history.js';
import { TagIndex } from './tag-index.js';

/**
 * Where entries are kept: it may take its time, and do things in another order than it was asked to. Where
 * it fails, what was dropped may be read until it expires.
 */
export interface EntryStore {
  delete(key: string): Promise<unknown>;
  clear(): Promise<unknown>;
}

/** What is under way for a key. */
interface Work {
  operations: number;
  /** The key was dropped meanwhile: what the store has for it is not to be read. */
  isStale: boolean;
  /** A write has ended after the drop, and may have come after its deletion. */
  isWritten: boolean;
}

/**
 * Keeps what was dropped from being read, from the moment of the drop: what the store still has, what is
 * being written to it, and what was read at its source before the drop and comes to be written after it.
 */
export class GuardedStore {
  readonly #store: EntryStore;
  readonly #history: DropHistory;
  readonly #tags: TagIndex;
  readonly #work = new Map<string, Work>();
  #clears = 0;

  /** @param max keys whose last drop, and whose tags, are remembered */
  constructor(store: EntryStore, max: number) {
    this.#store = store;
    this.#history = new DropHistory(max);
    this.#tags = new TagIndex(max);
  }

  /** The moment at which a value is read at its source: for `write()`. */
  get now(): number {
    return this.#history.now;
  }

  /** True if neither the key nor one of the tags was dropped since that moment. */
  isCurrent(key: string, tags: readonly string[], since: number): boolean {
    return this.#history.isCurrent(namesOf([key], tags), since);
  }

  /** Reads from the store; undefined for what was dropped. */
  async read<T>(
    key: string,
    read: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const since = this.now;
    if (!this.#isReadable(key)) {
      return undefined;
    }
    const value = await read();
    return this.#isReadable(key) && this.isCurrent(key, [], since)
      ? value
      : undefined;
  }

  /**
   * Writes to the store what was read at its source at the moment `since`.
   *
   * @returns false where the key or a tag was dropped since: it is not kept
   */
  async write(
    key: string,
    tags: readonly string[],
    since: number,
    write: () => Promise<unknown>,
  ): Promise<boolean> {
    if (!this.isCurrent(key, tags, since)) {
      return false;
    }
    const displaced = this.#tags.set(key, tags);
    if (displaced !== undefined) {
      void this.drop({ keys: [displaced] }).catch(() => undefined);
    }
    await this.#during(key, write, (work) => (work.isWritten = work.isStale));
    return this.isCurrent(key, tags, since);
  }

  /** A write that replaces whatever there is: what is being written now is not to stay. */
  async overwrite(
    key: string,
    tags: readonly string[],
    write: () => Promise<unknown>,
    cause?: Position,
  ): Promise<void> {
    this.#forget([key], [], cause);
    await this.write(key, tags, this.now, write);
  }

  /** Whose drop was the last one of a key or its tags, as far as that is remembered. */
  causeOf(key: string, tags: readonly string[]): Position | undefined {
    return this.#history.causeOf(namesOf([key], tags));
  }

  /**
   * Resolves when the store has deleted it; it is not read from now on.
   *
   * @param cause whose drop it is
   */
  async drop(
    { keys = [], tags = [], all = false }: Drop,
    cause?: Position,
  ): Promise<void> {
    if (all) {
      return this.#dropAll(cause);
    }
    const tagged = tags.flatMap((tag) => [...this.#tags.keysOf(tag)]);
    const dropped = [...new Set([...keys, ...tagged])];
    this.#forget(dropped, tags, cause);
    await Promise.all(dropped.map((key) => this.#delete(key)));
  }

  async #dropAll(cause?: Position): Promise<void> {
    this.#history.droppedAll(cause);
    this.#tags.clear();
    for (const work of this.#work.values()) {
      work.isStale = true;
    }
    this.#clears++;
    try {
      await this.#store.clear();
    } finally {
      this.#clears--;
    }
  }

  #forget(
    keys: readonly string[],
    tags: readonly string[],
    cause?: Position,
  ): void {
    this.#history.dropped(namesOf(keys, tags), cause);
    for (const key of keys) {
      this.#tags.delete(key);
      const work = this.#work.get(key);
      if (work) {
        work.isStale = true;
      }
    }
  }

  #isReadable(key: string): boolean {
    return this.#clears === 0 && !this.#work.get(key)?.isStale;
  }

  #delete(key: string): Promise<void> {
    this.#workOn(key).isStale = true;
    return this.#during(key, () => this.#store.delete(key));
  }

  #workOn(key: string): Work {
    const known = this.#work.get(key);
    const work = known ?? { operations: 0, isStale: false, isWritten: false };
    this.#work.set(key, work);
    return work;
  }

  /** The last one to end deletes what may have come after a deletion. */
  async #during(
    key: string,
    operation: () => Promise<unknown>,
    ended: (work: Work) => void = () => undefined,
  ): Promise<void> {
    const work = this.#workOn(key);
    work.operations++;
    try {
      await operation();
    } finally {
      ended(work);
      while (work.operations === 1 && work.isWritten) {
        work.isWritten = false;
        await this.#store.delete(key);
      }
      work.operations--;
      if (work.operations === 0) {
        this.#work.delete(key);
      }
    }
  }
}

function namesOf(keys: readonly string[], tags: readonly string[]): string[] {
  return [...keys.map((key) => `k${key}`), ...tags.map((tag) => `t${tag}`)];
}
