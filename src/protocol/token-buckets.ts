/** Keys that are remembered; the one heard of longest ago is forgotten first. */
const MAX_KEYS = 10_000;

interface Bucket {
  tokens: number;
  /** Ms of the monotonic clock at which `tokens` was right. */
  at: number;
}

/** A rate for each key: so many a minute, all of which may come at once after a quiet minute. */
export class TokenBuckets {
  readonly #buckets = new Map<string, Bucket>();

  readonly #perMinute: number;
  readonly #now: () => number;

  constructor(perMinute: number, now: () => number = () => performance.now()) {
    this.#perMinute = perMinute;
    this.#now = now;
  }

  /** Takes one. Returns 0, or the seconds (whole, 1 at least) until there will be one again. */
  take(key: string): number {
    const now = this.#now();
    const known = this.#buckets.get(key);
    const refill = known ? ((now - known.at) / 60_000) * this.#perMinute : 0;
    const before = known ? known.tokens + refill : this.#perMinute;
    const tokens = Math.min(this.#perMinute, before);
    if (tokens < 1) {
      return Math.ceil(((1 - tokens) / this.#perMinute) * 60);
    }
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: tokens - 1, at: now });
    this.#forgetOldest();
    return 0;
  }

  #forgetOldest(): void {
    if (this.#buckets.size > MAX_KEYS) {
      const oldest = this.#buckets.keys().next();
      if (!oldest.done) {
        this.#buckets.delete(oldest.value);
      }
    }
  }
}
