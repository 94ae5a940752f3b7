/** Places of taken items after which the rest moves up. */
const COMPACT_AFTER = 4096;

/** A queue: taking from its front costs the same however long it is. */
export class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** The next one, which stays. */
  get first(): T | undefined {
    return this.#items[this.#head];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes the next one out; undefined if there is none. */
  shift(): T | undefined {
    const item = this.first;
    if (this.length > 0) {
      this.#head++;
    }
    if (this.#head === this.#items.length) {
      this.clear();
    } else if (this.#head > COMPACT_AFTER) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Keeps some of them, in their order. */
  keep(isWanted: (item: T) => boolean): void {
    this.#items = this.#items.slice(this.#head).filter(isWanted);
    this.#head = 0;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  /** All of them, first come first; they stay. */
  *[Symbol.iterator](): Iterator<T> {
    for (let at = this.#head; at < this.#items.length; at++) {
      yield this.#items[at]!;
    }
  }
}
