/** What a request is counted by. Times in ms. */
export interface Hit {
  key: string;
  /** A window is so long. */
  ttl: number;
  /** Requests of a window that pass. */
  limit: number;
  /** Who comes too often is refused for so long; 0: until the window ends. */
  block: number;
}

/** What came of it, in the words of @nestjs/throttler. Times in s. */
export interface HitRecord {
  totalHits: number;
  timeToExpire: number;
  isBlocked: boolean;
  timeToBlockExpire: number;
}

interface Window {
  hits: number;
  ends: number;
  blockedUntil: number;
}

/** Counts requests by key in windows: the first request of a key begins one. */
export class HitCounters {
  readonly #max: number;
  /** The window that began first is the first. */
  readonly #windows = new Map<string, Window>();

  /** @param max keys that are counted; the one whose window began first makes room */
  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#windows.size;
  }

  count({ key, ttl, limit, block }: Hit, now: number): HitRecord {
    const window = this.#windowOf(key, ttl, now);
    if (window.blockedUntil <= now) {
      window.hits++;
      if (window.hits > limit) {
        window.blockedUntil = block > 0 ? now + block : window.ends;
      }
    }
    const { hits, ends, blockedUntil } = window;
    const isBlocked = blockedUntil > now;
    return {
      totalHits: hits,
      timeToExpire: secondsTo(ends, now),
      isBlocked,
      timeToBlockExpire: isBlocked ? secondsTo(blockedUntil, now) : 0,
    };
  }

  #windowOf(key: string, ttl: number, now: number): Window {
    const known = this.#windows.get(key);
    const isBlocked = known && known.blockedUntil > now;
    const isOver = known && (known.ends <= now || known.blockedUntil > 0);
    if (known && (isBlocked || !isOver)) {
      return known;
    }
    const window = { hits: 0, ends: now + ttl, blockedUntil: 0 };
    this.#windows.delete(key);
    this.#windows.set(key, window);
    if (this.#windows.size > this.#max) {
      this.#windows.delete(this.#windows.keys().next().value!);
    }
    return window;
  }
}

function secondsTo(time: number, now: number): number {
  return Math.max(0, Math.ceil((time - now) / 1000));
}
