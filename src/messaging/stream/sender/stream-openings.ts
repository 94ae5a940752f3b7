import type { Member } from '../../../membership/index.js';
import { Semaphore } from '../../../util/semaphore.js';
import type { OpenSocket } from '../framing/index.js';
import {
  type StreamDialer,
  NoStreamPlaceError,
  LOOK_AGAIN,
} from './stream-dialer.js';
import type { PeerLink } from './peer-link.js';

/** Streams that are being opened at the same time; more wait for their turn. */
export const MAX_OPENINGS = 64;

/**
 * Opens streams, a bounded number at the same time: the first broadcast in a large cloud wants one to
 * every peer at once, and all together they would take longer than each may. One that waits for its turn
 * for as long as an opening may take is refused a place for now.
 */
export class StreamOpenings {
  readonly #places = new Semaphore(MAX_OPENINGS);
  #closed = false;

  readonly #dial: StreamDialer;
  /** Ms for which an opening waits, and ms that it takes then, at most. */
  readonly #timeout: number;

  constructor(dial: StreamDialer, timeout: number) {
    this.#dial = dial;
    this.#timeout = timeout;
  }

  /** Rejects with a StreamRefusedError. */
  open(member: Member): Promise<OpenSocket> {
    return new Promise((resolve, reject) => {
      const refuse = () => reject(new NoStreamPlaceError());
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        refuse();
      }, this.#timeout);
      void this.#places.run(async () => {
        clearTimeout(timer);
        if (this.#closed) {
          refuse();
        } else if (!isLate) {
          await this.#dial(member, this.#timeout).then(resolve, reject);
        }
      });
    });
  }

  /** Opens no more; those under way go on. */
  close(): void {
    this.#closed = true;
  }
}

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
