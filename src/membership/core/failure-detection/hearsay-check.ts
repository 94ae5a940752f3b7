import type { CoreContext } from '../core-context.js';
import type { FailureDetector } from './failure-detector.js';

/**
 * Names for each check in a period. With fewer, the usual round is soon enough: a newcomer of whom a
 * large cloud hears must not be asked by everybody at once.
 */
const NAMES_PER_CHECK = 64;

/** Most checks in a period. */
const MAX_CHECKS = 16;

/** Checks members that others have named, the sooner the more there are. */
export class HearsayCheck {
  readonly #ctx: CoreContext;
  readonly #detector: FailureDetector;

  constructor(ctx: CoreContext, detector: FailureDetector) {
    this.#ctx = ctx;
    this.#detector = detector;
  }

  /** One period. */
  tick(): void {
    const { list } = this.#ctx;
    const { hearsay } = list.room;
    const due = Math.floor(hearsay.size / NAMES_PER_CHECK);
    for (let checks = Math.min(due, MAX_CHECKS); checks > 0; checks--) {
      const member = list.peek(hearsay.next() ?? '');
      if (member) {
        void this.#detector.probe(member);
      }
    }
  }
}
