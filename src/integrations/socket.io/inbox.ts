/** Messages that wait for an earlier one, from one sender. More are refused, and come again. */
const MAX_HELD = 16_384;

/** Brings the messages of one sender into their order, and takes each once. */
export class Inbox {
  readonly #held = new Map<number, () => void>();
  #next: number;

  /** @param next the number of the first message */
  constructor(
    /** The sender's life that the numbers belong to. */
    readonly session: string,
    next: number,
  ) {
    this.#next = next;
  }

  /** The number of the message that it waits for. */
  get next(): number {
    return this.#next;
  }

  /**
   * Delivers a message, at once or when those before it have been.
   *
   * @returns `seen`: it was here before, and is not delivered; `full`: too many wait already
   */
  take(number: number, deliver: () => void): 'taken' | 'seen' | 'full' {
    if (number < this.#next || this.#held.has(number)) {
      return 'seen';
    }
    if (number > this.#next) {
      if (this.#held.size >= MAX_HELD) {
        return 'full';
      }
      this.#held.set(number, deliver);
      return 'taken';
    }
    this.#next++;
    deliver();
    this.#deliverHeld();
    return 'taken';
  }

  /** The sender has given up what is before this number. */
  skipTo(number: number): void {
    const before = [...this.#held.keys()].filter((held) => held < number);
    for (const held of before.sort((a, b) => a - b)) {
      this.#deliver(held);
    }
    this.#next = Math.max(this.#next, number);
    this.#deliverHeld();
  }

  #deliverHeld(): void {
    while (this.#held.has(this.#next)) {
      this.#deliver(this.#next++);
    }
  }

  #deliver(number: number): void {
    const deliver = this.#held.get(number)!;
    this.#held.delete(number);
    deliver();
  }
}
