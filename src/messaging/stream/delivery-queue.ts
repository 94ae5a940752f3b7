import type { Delivery } from './delivery.js';

/** Messages that wait for a stream, in the order of sending. Those that are settled meanwhile are skipped. */
export class DeliveryQueue {
  #items: Delivery[] = [];
  #head = 0;
  #chars = 0;

  readonly #maxChars: number;

  /** @param maxChars over it, bodies wait without being serialised */
  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  /** @throws InvalidBodyError for a body that JSON cannot carry */
  push(delivery: Delivery): void {
    if (this.#chars < this.#maxChars) {
      delivery.queuedChars = delivery.message.body.json.length;
      this.#chars += delivery.queuedChars;
    }
    this.#items.push(delivery);
  }

  /** Takes the next one out; undefined if there is none. */
  shift(): Delivery | undefined {
    while (this.#head < this.#items.length) {
      const delivery = this.#take();
      if (!delivery.settled) {
        return delivery;
      }
    }
    return undefined;
  }

  /** How many wait, those included that are settled and not taken out yet. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  /** True if nobody waits. */
  get isEmpty(): boolean {
    while (this.#items[this.#head]?.settled) {
      this.#take();
    }
    return this.#head === this.#items.length;
  }

  /** Everybody who waits, first come first; they stay. */
  *waiting(): Iterable<Delivery> {
    for (let at = this.#head; at < this.#items.length; at++) {
      if (!this.#items[at]!.settled) {
        yield this.#items[at]!;
      }
    }
  }

  /** Fails what is past its deadline by `now`, and drops what is settled; returns the next deadline. */
  expire(now: number, fail: (delivery: Delivery) => void): number {
    let next = Infinity;
    let kept = 0;
    for (let at = this.#head; at < this.#items.length; at++) {
      const delivery = this.#items[at]!;
      const { deadline } = delivery.message;
      if (!delivery.settled && deadline <= now) {
        fail(delivery);
      }
      if (delivery.settled) {
        this.#chars -= delivery.queuedChars;
      } else {
        this.#items[kept++] = delivery;
        next = Math.min(next, deadline);
      }
    }
    this.#items.length = kept;
    this.#head = 0;
    return next;
  }

  #take(): Delivery {
    const delivery = this.#items[this.#head++]!;
    this.#chars -= delivery.queuedChars;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head > COMPACT_AFTER) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return delivery;
  }
}

/** Places of taken messages after which the rest moves up. */
const COMPACT_AFTER = 4096;
