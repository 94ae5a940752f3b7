import { hash32 } from '../../../util/hash.js';

/** Finest division of the digest; coarser ones are folded out of it. */
export const DIGEST_BUCKETS = 1024;

/** Fewest buckets that a comparison works with. */
export const MIN_DIGEST_BUCKETS = 16;

/**
 * Fingerprint of a list, kept up to date in O(1) for each change: the XOR of the records' hashes, in
 * buckets by id, so that two lists that differ find out where.
 */
export class ListDigest {
  readonly #buckets = new Uint32Array(DIGEST_BUCKETS);
  #total = 0;
  #count = 0;

  /** Adds a record. */
  add(id: string, digest: number): void {
    this.#toggle(id, digest);
    this.#count++;
  }

  /** Takes a record out. */
  remove(id: string, digest: number): void {
    this.#toggle(id, digest);
    this.#count--;
  }

  /** The whole list in one short text; equal for equal lists. */
  get text(): string {
    return `${this.#count}:${(this.#total >>> 0).toString(36)}`;
  }

  /** The digest in `count` buckets; `count` is a power of two up to `DIGEST_BUCKETS`. */
  buckets(count: number): number[] {
    const folded = Array.from({ length: count }, () => 0);
    for (let index = 0; index < DIGEST_BUCKETS; index++) {
      const into = index & (count - 1);
      folded[into] = (folded[into]! ^ this.#buckets[index]!) >>> 0;
    }
    return folded;
  }

  /** How many buckets suit a list of this size: a few records in each. */
  get suitableCount(): number {
    let count = MIN_DIGEST_BUCKETS;
    while (count < DIGEST_BUCKETS && count * 4 < this.#count) {
      count *= 2;
    }
    return count;
  }

  #toggle(id: string, digest: number): void {
    const index = bucketOf(id, DIGEST_BUCKETS);
    this.#buckets[index]! ^= digest;
    this.#total ^= digest;
  }
}

/** The bucket that an id falls into. */
export function bucketOf(id: string, count: number): number {
  return hash32(id) & (count - 1);
}
