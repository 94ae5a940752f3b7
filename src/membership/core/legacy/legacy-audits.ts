import type { CoreContext } from '../core-context.js';
import type { LegacyIntroductions } from './legacy-introductions.js';

/** For so many of us together, the pause between two audits of one legacy member stays the same. */
const AUDITORS = 30;

/**
 * Now and then this peer asks the legacy members, one after the other, whether they list it. In turn, and
 * not by chance, which would leave some of them out for long; at times of its own, so that not all of us
 * ask at once.
 */
export class LegacyAudits {
  #turn = 0;
  #due: number;

  readonly #ctx: CoreContext;
  readonly #introductions: LegacyIntroductions;

  constructor(ctx: CoreContext, introductions: LegacyIntroductions) {
    this.#ctx = ctx;
    this.#introductions = introductions;
    const { env, options } = ctx;
    this.#due =
      env.clock.monotonic() + options.legacyAuditInterval * env.random.next();
  }

  /** One period: one audit at most. */
  tick(): void {
    const { list, options, env } = this.#ctx;
    const now = env.clock.monotonic();
    if (now < this.#due) {
      return;
    }
    const legacy = list.legacyMembers();
    const pause =
      (options.legacyAuditInterval * Math.max(1, list.size / AUDITORS)) /
      Math.max(1, legacy.length);
    this.#due = now + pause * (0.5 + env.random.next());
    const member = legacy[this.#turn++ % legacy.length];
    if (member) {
      void this.#introductions.audit(member);
    }
  }
}
