/** A nonce: a counter that starts at 0 at each boot. */
export interface Nonce {
  /** Unix time in ms, later for each new counter. */
  boot: number;
  counter: number;
}

/**
 * Nonces that each receiver sees as one rising counter, so that its window need not be wide. The counters
 * of receivers called longest ago are forgotten; a new one then starts as a later boot.
 */
export class NonceSource {
  readonly #counters = new Map<string, Nonce>();
  #lastBoot = 0;

  readonly #maxReceivers: number;
  readonly #now: () => number;

  constructor(maxReceivers: number, now: () => number) {
    this.#maxReceivers = maxReceivers;
    this.#now = now;
  }

  /** The next nonce for a receiver; '' stands for all whose id is not known yet. */
  next(receiverId: string): Nonce {
    const known = this.#counters.get(receiverId);
    if (known) {
      known.counter++;
      this.#counters.delete(receiverId);
      this.#counters.set(receiverId, known);
      return known;
    }
    if (this.#counters.size >= this.#maxReceivers) {
      this.#counters.delete(this.#counters.keys().next().value!);
    }
    this.#lastBoot = Math.max(this.#lastBoot + 1, this.#now());
    const nonce = { boot: this.#lastBoot, counter: 0 };
    this.#counters.set(receiverId, nonce);
    return nonce;
  }
}
