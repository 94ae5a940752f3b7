/** Something that happens at a moment of virtual time. */
export interface QueuedEvent {
  /** Virtual ms. */
  readonly due: number;
  /** Order of scheduling: decides between events of the same moment. */
  readonly order: number;
  /** Undefined once cancelled or done. */
  callback: (() => void) | undefined;
}

/** Below this size, cancelled events are left to surface by themselves. */
const WORTH_SWEEPING = 1024;

/** A binary heap of events, earliest first; cancelled ones are swept out when they are the majority. */
export class EventQueue {
  #heap: QueuedEvent[] = [];
  #cancelled = 0;
  #scheduled = 0;

  /** Events that are still to happen. */
  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  add(due: number, callback: () => void): QueuedEvent {
    const event: QueuedEvent = { due, order: this.#scheduled++, callback };
    this.#heap.push(event);
    this.#rise(this.#heap.length - 1);
    return event;
  }

  cancel(event: QueuedEvent): void {
    if (!event.callback) {
      return;
    }
    event.callback = undefined;
    this.#cancelled++;
    if (
      this.#heap.length > WORTH_SWEEPING &&
      this.#cancelled > this.#heap.length / 2
    ) {
      this.#sweep();
    }
  }

  /** When the earliest event is due; Infinity without any. */
  get next(): number {
    let first = this.#heap[0];
    while (first && !first.callback) {
      this.#removeFirst();
      this.#cancelled--;
      first = this.#heap[0];
    }
    return first ? first.due : Infinity;
  }

  /** Takes the earliest event that is due at `until` or before. */
  take(until: number): { due: number; callback: () => void } | undefined {
    if (this.next > until) {
      return undefined;
    }
    const first = this.#heap[0];
    if (!first) {
      return undefined;
    }
    this.#removeFirst();
    const { due } = first;
    const callback = first.callback!;
    first.callback = undefined;
    return { due, callback };
  }

  #removeFirst(): void {
    const last = this.#heap.pop()!;
    if (this.#heap.length === 0) {
      return;
    }
    this.#heap[0] = last;
    this.#sink(0);
  }

  #sweep(): void {
    this.#heap = this.#heap.filter((event) => event.callback);
    this.#cancelled = 0;
    for (let at = (this.#heap.length >> 1) - 1; at >= 0; at--) {
      this.#sink(at);
    }
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const event = heap[from]!;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isEarlier(event, heap[parent]!)) {
        break;
      }
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const event = heap[from]!;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) {
        break;
      }
      if (
        child + 1 < heap.length &&
        isEarlier(heap[child + 1]!, heap[child]!)
      ) {
        child++;
      }
      if (!isEarlier(heap[child]!, event)) {
        break;
      }
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = event;
  }
}

function isEarlier(one: QueuedEvent, other: QueuedEvent): boolean {
  return (
    one.due < other.due || (one.due === other.due && one.order < other.order)
  );
}
