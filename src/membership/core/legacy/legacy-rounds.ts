import { caretakerOf } from './caretaker.js';
import type { CoreContext } from '../core-context.js';
import type { LegacyRepairs } from './legacy-repairs.js';
import type { MemberRecord } from '../member-list/member-record.js';

/**
 * What a legacy member lists of the others of its kind it tells nobody, and nobody can ask. So whoever
 * looks after it tells it about each of them anew, one after the other, without waiting for a sign: one
 * of them for each legacy member and audit interval. Members of ours ask for themselves.
 */
export class LegacyRounds {
  #turn = 0;
  #due: number;

  readonly #ctx: CoreContext;
  readonly #repairs: LegacyRepairs;

  constructor(ctx: CoreContext, repairs: LegacyRepairs) {
    this.#ctx = ctx;
    this.#repairs = repairs;
    this.#due = ctx.env.clock.monotonic() + ctx.options.legacyAuditInterval;
  }

  /** One period: one renewal at most. */
  tick(): void {
    const { env, options } = this.#ctx;
    const now = env.clock.monotonic();
    if (now < this.#due) {
      return;
    }
    const legacy = this.#ctx.list.legacyMembers().filter(isSettled);
    const charges = legacy.filter(
      ({ id }) => caretakerOf(this.#ctx, id) === this.#ctx.self.id,
    );
    this.#due = now + options.legacyAuditInterval / Math.max(1, charges.length);
    this.#renewNext(charges, legacy);
  }

  /** Each charge in turn, so that none is told two things in a row where there are several. */
  #renewNext(
    charges: readonly MemberRecord[],
    legacy: readonly MemberRecord[],
  ): void {
    const turn = this.#turn++;
    const charge = charges[turn % charges.length];
    const others = legacy.filter((member) => member !== charge);
    const about = others[Math.floor(turn / charges.length) % others.length];
    if (charge && about) {
      this.#repairs.add(charge.id, about.id, 0);
    }
  }
}

/** What may be gone is not introduced to anybody. */
function isSettled({ state }: MemberRecord): boolean {
  return state === 'alive';
}
