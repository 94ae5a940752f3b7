import type { Position } from './drop-message.js';

/** When something was dropped, and whose drop it was. */
interface Moment {
  at: number;
  cause?: Position | undefined;
}

/**
 * What was dropped here last, and when, by a counter of its own: so that what was read before does not
 * become an entry after. Bounded: where it has forgotten, it says that something was dropped.
 */
export class DropHistory {
  readonly #max: number;
  /** By name: the moment of its last drop; the oldest first. */
  readonly #last = new Map<string, Moment>();
  #now = 0;
  /** What began before this moment may have missed a drop that is forgotten. */
  #floor: Moment = { at: 0 };

  constructor(max: number) {
    this.#max = max;
  }

  /** The moment at which something begins that is to be judged later. */
  get now(): number {
    return this.#now;
  }

  dropped(names: Iterable<string>, cause?: Position): void {
    const moment = { at: ++this.#now, cause };
    for (const name of names) {
      this.#last.delete(name);
      this.#last.set(name, moment);
    }
    while (this.#last.size > this.#max) {
      const [oldest, last] = this.#last.entries().next().value!;
      this.#last.delete(oldest);
      this.#floor = last;
    }
  }

  droppedAll(cause?: Position): void {
    this.#floor = { at: ++this.#now, cause };
    this.#last.clear();
  }

  /** True if none of the names was dropped since that moment. */
  isCurrent(names: readonly string[], since: number): boolean {
    return (
      since >= this.#floor.at &&
      names.every((name) => (this.#last.get(name)?.at ?? 0) <= since)
    );
  }

  /** Whose drop was the last one of any of these names. */
  causeOf(names: readonly string[]): Position | undefined {
    return names.reduce((newest, name) => {
      const last = this.#last.get(name);
      return last && last.at > newest.at ? last : newest;
    }, this.#floor).cause;
  }
}
