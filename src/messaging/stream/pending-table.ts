import type { Delivery } from './delivery.js';

/**
 * Messages that wait for their replies, found by their number on the stream. Places are used again, under
 * another number each time, so that a reply that comes after its message has expired finds nobody.
 *
 * A `Map` that is filled and emptied all the time makes itself anew every so many messages, and each table
 * of V8's keeps its successor alive: once one of them is old, so is everything after it, and collecting
 * garbage takes as long as sending messages.
 */
export class PendingTable {
  private readonly places: (Delivery | undefined)[] = [];
  private readonly numbers: number[] = [];
  private readonly free: number[] = [];

  /** @param capacity most messages at a time */
  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.places.length - this.free.length;
  }

  get isFull(): boolean {
    return this.size >= this.capacity;
  }

  /** Returns the number of the message; to be called only while there is room. */
  add(delivery: Delivery): number {
    const place = this.free.pop() ?? this.places.push(undefined) - 1;
    const number = (this.numbers[place] ?? place) + this.capacity;
    this.places[place] = delivery;
    this.numbers[place] = number;
    return number;
  }

  /** Takes out the message of that number; undefined for one that waits no more, or never did. */
  take(number: number): Delivery | undefined {
    const place = number % this.capacity;
    const delivery = this.places[place];
    if (delivery === undefined || this.numbers[place] !== number) {
      return undefined;
    }
    this.places[place] = undefined;
    this.free.push(place);
    return delivery;
  }

  /** Every message with its number; those taken out meanwhile are skipped. */
  *[Symbol.iterator](): Iterator<[number, Delivery]> {
    for (const [place, delivery] of this.places.entries()) {
      if (delivery) {
        yield [this.numbers[place]!, delivery];
      }
    }
  }
}
