import type { Member } from '../../../membership/index.js';
import { Semaphore } from '../../../util/semaphore.js';
import type { OpenSocket } from '../framing/index.js';
import type { StreamDialer } from './stream-dialer.js';
import { NoStreamPlaceError } from './stream-refused.error.js';

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
