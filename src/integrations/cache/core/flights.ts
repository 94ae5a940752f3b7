import type { GuardedStore } from './guarded-store.js';

interface Flight {
  since: number;
  tags: readonly string[];
  result: Promise<unknown>;
}

/** Work that is under way, once for each key: whoever comes meanwhile waits for the same, unless the key was dropped since it began. */
export class Flights {
  readonly #store: GuardedStore;
  readonly #flights = new Map<string, Flight>();

  constructor(store: GuardedStore) {
    this.#store = store;
  }

  async join<T>(
    key: string,
    tags: readonly string[],
    work: () => Promise<T>,
  ): Promise<T> {
    const known = this.#flights.get(key);
    if (known && this.#store.isCurrent(key, known.tags, known.since)) {
      return known.result as Promise<T>;
    }
    const flight = { since: this.#store.now, tags, result: work() };
    this.#flights.set(key, flight);
    try {
      return await flight.result;
    } finally {
      if (this.#flights.get(key) === flight) {
        this.#flights.delete(key);
      }
    }
  }
}
