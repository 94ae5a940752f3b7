import { BoundedMap } from '../util/bounded-map.js';

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
  readonly #counters: BoundedMap<string, Nonce>;
  #lastBoot = 0;

  readonly #now: () => number;

  constructor(maxReceivers: number, now: () => number) {
    this.#counters = new BoundedMap(maxReceivers);
    this.#now = now;
  }

  /** The next nonce for a receiver; '' stands for all whose id is not known yet. */
  next(receiverId: string): Nonce {
    const nonce = this.#counters.get(receiverId) ?? this.#newCounter();
    nonce.counter++;
    this.#counters.set(receiverId, nonce);
    return nonce;
  }

  #newCounter(): Nonce {
    this.#lastBoot = Math.max(this.#lastBoot + 1, this.#now());
    return { boot: this.#lastBoot, counter: -1 };
  }
}
