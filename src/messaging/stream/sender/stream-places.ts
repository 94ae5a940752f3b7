import type { PeerLink } from './peer-link.js';
import { LOOK_AGAIN } from './stream-refused.error.js';

/** Ms that a stream has to be unused before another peer's takes its place. */
const MIN_REST = 5000;

/** Keeps the streams of this peer within their number. */
export class StreamPlaces {
  /** Until then it is not asked again whether a stream has become free. */
  #fullUntil = 0;

  readonly #max: number;
  readonly #links: () => Iterable<PeerLink>;

  /**
   * @param max streams at the same time, with those that are being opened and those that finish what they have
   * @param links all that may have one
   */
  constructor(max: number, links: () => Iterable<PeerLink>) {
    this.#max = max;
    this.#links = links;
  }

  /** True if another stream may be opened. If not, the least recently used ends, to make room for the next who asks. */
  hasPlace(): boolean {
    const now = performance.now();
    if (now < this.#fullUntil) {
      return false;
    }
    if (this.#count() < this.#max) {
      return true;
    }
    const oldest = this.#leastRecentlyUsed();
    if (oldest && now - oldest.usedAt >= MIN_REST) {
      oldest.rest();
    } else {
      this.#fullUntil = now + LOOK_AGAIN;
    }
    return false;
  }

  #count(): number {
    let count = 0;
    for (const link of this.#links()) {
      count += link.streamCount;
    }
    return count;
  }

  #leastRecentlyUsed(): PeerLink | undefined {
    let oldest: PeerLink | undefined;
    for (const link of this.#links()) {
      if (
        link.isResting &&
        (oldest === undefined || link.usedAt < oldest.usedAt)
      ) {
        oldest = link;
      }
    }
    return oldest;
  }
}
