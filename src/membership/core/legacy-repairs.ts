import { caretakerOf } from './caretaker.js';
import type { CoreContext } from './core-context.js';
import { MAX_LEGACY_REPAIRS } from './membership.limits.js';
import type { Teller } from './teller.js';

interface Repair {
  readonly legacy: string;
  readonly about: string;
  /** Monotonic ms from which on it may be tried. */
  notBefore: number;
  tries: number;
}

/** Periods that lists get to settle before it is decided who repairs. */
const SETTLING = 3;

/** Tries until a repair is given up: whatever hinders it will be found by other means. */
const MAX_TRIES = 10;

/**
 * What legacy members may not know of one another, and cannot be asked. They are told `/left`, then
 * `/joined`: however often they knew it before, they list it once afterwards.
 */
export class LegacyRepairs {
  readonly #waiting = new Map<string, Repair>();

  constructor(
    private readonly ctx: CoreContext,
    private readonly teller: Teller,
  ) {}

  /** @param legacy the member whose list is in doubt */
  add(legacy: string, about: string): void {
    const key = `${legacy} ${about}`;
    if (this.#waiting.has(key) || this.#waiting.size >= MAX_LEGACY_REPAIRS)
      return;
    this.#waiting.set(key, {
      legacy,
      about,
      notBefore: this.#after(SETTLING),
      tries: 0,
    });
  }

  /** One period. */
  tick(): void {
    const now = this.ctx.env.clock.monotonic();
    for (const [key, repair] of this.#waiting) {
      if (repair.notBefore > now) continue;
      const { list, self } = this.ctx;
      const isMine =
        caretakerOf(this.ctx, repair.legacy, repair.about) === self.id;
      if (!isMine || !list.get(repair.legacy) || !list.get(repair.about)) {
        this.#waiting.delete(key);
        continue;
      }
      repair.notBefore = this.#after(SETTLING);
      if (++repair.tries > MAX_TRIES) this.#waiting.delete(key);
      else void this.#run(key, repair);
    }
  }

  async #run(key: string, { legacy, about }: Repair): Promise<void> {
    const target = this.ctx.list.get(legacy)!;
    if (!(await this.teller.left(target, about))) return;
    const member = this.ctx.list.get(about);
    if (!member || (await this.teller.joined(target, member)))
      this.#waiting.delete(key);
  }

  #after(periods: number): number {
    const { env, options } = this.ctx;
    return env.clock.monotonic() + periods * options.probeInterval;
  }
}
