import { shuffle, type Random } from '../environment.js';

/** How many ids that are gone may stay in the ring, as a part of it, until it is cleaned up. */
const MAX_STALE_PART = 0.25;

/**
 * The ids of all members in an order of chance: each is checked once in a round, and a random one is
 * found without copying the list. Ids that are gone are skipped and cleared away later.
 */
export class ProbeRing {
  #ids: string[] = [];
  readonly #stale = new Set<string>();
  #next = 0;

  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  get size(): number {
    return this.#ids.length - this.#stale.size;
  }

  /** A new id gets a place of chance in the part of the round that is still to come. */
  add(id: string): void {
    if (this.#stale.delete(id)) {
      return;
    }
    const place = this.#next + this.#pick(this.#ids.length + 1 - this.#next);
    this.#ids.push(id);
    this.#swap(place, this.#ids.length - 1);
  }

  remove(id: string): void {
    this.#stale.add(id);
    if (
      this.#stale.size > 16 &&
      this.#stale.size > this.#ids.length * MAX_STALE_PART
    ) {
      this.#clean();
    }
  }

  clear(): void {
    this.#ids = [];
    this.#stale.clear();
    this.#next = 0;
  }

  /** The next id of the round; a new round is shuffled anew. */
  next(): string | undefined {
    while (this.size > 0) {
      if (this.#next >= this.#ids.length) {
        this.#clean();
        shuffle(this.#ids, this.#random);
        this.#next = 0;
      }
      const id = this.#ids[this.#next++]!;
      if (!this.#stale.has(id)) {
        return id;
      }
    }
    return undefined;
  }

  /** Up to `count` different ids by chance that fit. It looks at the whole ring only where few fit. */
  sample(count: number, fits: (id: string) => boolean): string[] {
    if (this.#ids.length <= count * 4) {
      return this.#sampleAll(count, fits);
    }
    const found: string[] = [];
    for (let tries = count * 8; tries > 0 && found.length < count; tries--) {
      const id = this.#ids[this.#pick(this.#ids.length)]!;
      if (!this.#stale.has(id) && !found.includes(id) && fits(id)) {
        found.push(id);
      }
    }
    return found.length < count ? this.#sampleAll(count, fits) : found;
  }

  #sampleAll(count: number, fits: (id: string) => boolean): string[] {
    const fitting = this.#ids.filter((id) => !this.#stale.has(id) && fits(id));
    return shuffle(fitting, this.#random).slice(0, count);
  }

  #clean(): void {
    const before = this.#ids
      .slice(0, this.#next)
      .filter((id) => !this.#stale.has(id));
    const after = this.#ids
      .slice(this.#next)
      .filter((id) => !this.#stale.has(id));
    this.#next = before.length;
    this.#ids = before.concat(after);
    this.#stale.clear();
  }

  #swap(a: number, b: number): void {
    [this.#ids[a], this.#ids[b]] = [this.#ids[b]!, this.#ids[a]!];
  }

  #pick(count: number): number {
    return Math.floor(this.#random.next() * count);
  }
}
