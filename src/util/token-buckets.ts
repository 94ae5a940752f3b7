import { BoundedMap } from './bounded-map.js';

/** Ms in which an empty bucket is full again. */
const PERIOD = 60_000;

/** Keys that are remembered by default. */
const MAX_KEYS = 10_000;

interface Bucket {
  tokens: number;
  /** Ms of the monotonic clock at which `tokens` was right. */
  at: number;
}

export interface TokenBucketOptions {
  /** Monotonic ms. Default: `performance.now()`. */
  now?: () => number;
  /** Keys that are remembered; the one heard of longest ago is forgotten first. Default: 10,000. */
  maxKeys?: number;
}

/** A rate for each key: so many a minute, all of which may come at once after a quiet minute. */
export class TokenBuckets {
  readonly #buckets: BoundedMap<string, Bucket>;

  readonly #perMinute: number;
  readonly #now: () => number;

  constructor(
    perMinute: number,
    {
      now = () => performance.now(),
      maxKeys = MAX_KEYS,
    }: TokenBucketOptions = {},
  ) {
    this.#perMinute = perMinute;
    this.#now = now;
    this.#buckets = new BoundedMap(maxKeys);
  }

  /** Takes one; false if there is none. */
  take(key: string): boolean {
    const bucket = this.#refilled(key);
    this.#buckets.set(key, bucket);
    if (bucket.tokens < 1) {
      return false;
    }
    bucket.tokens--;
    return true;
  }

  /** Seconds, whole and at least 1, until there will be one for a key that has just been refused. */
  retryAfter(key: string): number {
    const missing = 1 - this.#refilled(key).tokens;
    const seconds = (missing / this.#perMinute) * (PERIOD / 1000);
    return Math.max(1, Math.ceil(seconds));
  }

  #refilled(key: string): Bucket {
    const now = this.#now();
    const { tokens, at } = this.#buckets.get(key) ?? {
      tokens: this.#perMinute,
      at: now,
    };
    const gained = ((now - at) / PERIOD) * this.#perMinute;
    return { tokens: Math.min(this.#perMinute, tokens + gained), at: now };
  }
}
