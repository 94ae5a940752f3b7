import { BoundedMap } from '../../../util/bounded-map.js';
import type { CoreContext } from '../core-context.js';
import { MAX_LEGACY_REPAIRS } from '../options/membership.limits.js';
import type { Teller } from '../dissemination/teller.js';

/** Ms for which a renewal counts as just done. */
const JUST_NOW = 5000;

/** A renewal that succeeded. */
interface Renewal {
  /** Monotonic ms at which it began. */
  readonly start: number;
  /** False: the one in question was no member any more, so `/left` was all that was told. */
  readonly isMember: boolean;
}

/**
 * Tells a legacy member about another member anew: `/left`, then `/joined`. However often it listed that
 * member before, it lists it once afterwards. One at a time for each two members.
 */
export class LegacyRenewals {
  readonly #running = new Map<string, Promise<boolean>>();
  /** The last ones that succeeded, in the order of their ends. */
  readonly #done = new BoundedMap<string, Renewal>(MAX_LEGACY_REPAIRS);

  readonly #ctx: CoreContext;
  readonly #teller: Teller;

  constructor(ctx: CoreContext, teller: Teller) {
    this.#ctx = ctx;
    this.#teller = teller;
  }

  /** @returns true if the legacy member took note of both halves */
  run(legacy: string, about: string): Promise<boolean> {
    const key = keyOf(legacy, about);
    const running = this.#running.get(key);
    if (running) {
      return running;
    }
    const run = this.#tell(legacy, about).finally(() =>
      this.#running.delete(key),
    );
    this.#running.set(key, run);
    return run;
  }

  /** The same, unless it has just been done. */
  async runOnce(legacy: string, about: string): Promise<boolean> {
    const now = this.#ctx.env.clock.monotonic();
    return (
      this.isDoneSince(legacy, about, now - JUST_NOW) || this.run(legacy, about)
    );
  }

  /**
   * True if one that succeeded began at that time (monotonic ms) or later, and what it told is still so:
   * the end of a member says nothing about one that is back.
   */
  isDoneSince(legacy: string, about: string, since: number): boolean {
    const last = this.#done.get(keyOf(legacy, about));
    if (!last || last.start < since) {
      return false;
    }
    return last.isMember === (this.#ctx.list.peek(about) !== undefined);
  }

  async #tell(legacy: string, about: string): Promise<boolean> {
    const { list, env } = this.#ctx;
    const start = env.clock.monotonic();
    const target = list.peek(legacy);
    if (!target || !(await this.#teller.left(target, about))) {
      return false;
    }
    const member = list.peek(about);
    if (member && !(await this.#teller.joined(target, member))) {
      return false;
    }
    this.#done.set(keyOf(legacy, about), {
      start,
      isMember: member !== undefined,
    });
    return true;
  }
}

function keyOf(legacy: string, about: string): string {
  return `${legacy} ${about}`;
}
