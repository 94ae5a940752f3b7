/**
 * Messages under way, found by their number. Places are used again, under another number each time, so
 * that what comes after its message has expired finds nobody.
 *
 * A `Map` that is filled and emptied all the time makes itself anew every so many messages, and each table
 * of V8's keeps its successor alive: once one of them is old, so is everything after it, and collecting
 * garbage takes as long as sending messages.
 */
export class InFlightTable<T> {
  readonly #places: (T | undefined)[] = [];
  readonly #numbers: number[] = [];
  readonly #free: number[] = [];

  readonly #capacity: number;

  /** @param capacity most messages at a time */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#places.length - this.#free.length;
  }

  get isFull(): boolean {
    return this.size >= this.#capacity;
  }

  /** Returns the number of the message; to be called only while there is room. */
  add(message: T): number {
    const place = this.#free.pop() ?? this.#places.push(undefined) - 1;
    const number = (this.#numbers[place] ?? place) + this.#capacity;
    this.#places[place] = message;
    this.#numbers[place] = number;
    return number;
  }

  /** The message of that number; undefined for one that waits no more, or never did. */
  get(number: number): T | undefined {
    const place = number % this.#capacity;
    return this.#numbers[place] === number ? this.#places[place] : undefined;
  }

  /** Puts another in place of the message of that number, if it is there. */
  replace(number: number, message: T): void {
    if (this.get(number) !== undefined) {
      this.#places[number % this.#capacity] = message;
    }
  }

  /** Takes out the message of that number, if it is there. */
  take(number: number): T | undefined {
    const message = this.get(number);
    if (message !== undefined) {
      const place = number % this.#capacity;
      this.#places[place] = undefined;
      this.#free.push(place);
    }
    return message;
  }

  /** Every message with its number; those taken out meanwhile are skipped. */
  *[Symbol.iterator](): Iterator<[number, T]> {
    for (const [place, message] of this.#places.entries()) {
      if (message !== undefined) {
        yield [this.#numbers[place]!, message];
      }
    }
  }
}
