import { Semaphore } from '../../util/semaphore.js';
import type { Member } from '../../membership/index.js';
import { NoStreamPlaceError } from './no-stream-place.error.js';
import { MAX_OPENINGS } from './stream.constants.js';
import type { OpenedStream, StreamOpener } from './stream-opener.js';

/**
 * Opens streams, a bounded number at the same time: the first broadcast in a large cloud wants one to
 * every peer at once, and all together they would take longer than each may. One that waits for its turn
 * for as long as an opening may take is refused a place for now.
 */
export class StreamOpenings {
  readonly #limiter = new Semaphore(MAX_OPENINGS, Infinity);
  #closed = false;

  readonly #opener: StreamOpener;
  /** Ms for which an opening waits, and ms that it takes then, at most. */
  readonly #timeout: number;

  constructor(opener: StreamOpener, timeout: number) {
    this.#opener = opener;
    this.#timeout = timeout;
  }

  /** Rejects with a StreamRefusedError. */
  open(member: Member): Promise<OpenedStream> {
    return new Promise((resolve, reject) => {
      const refuse = () => reject(new NoStreamPlaceError());
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        refuse();
      }, this.#timeout);
      void this.#limiter.run(async () => {
        clearTimeout(timer);
        if (this.#closed) {
          refuse();
        } else if (!isLate) {
          await this.#opener(member, this.#timeout).then(resolve, reject);
        }
      });
    });
  }

  /** Opens no more; those under way go on. */
  close(): void {
    this.#closed = true;
  }
}
