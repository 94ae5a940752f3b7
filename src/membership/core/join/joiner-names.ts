import { sleep, type CoreContext } from '../core-context.js';
import { Semaphore } from '../../../util/semaphore.js';
import {
  MAX_NAME_LOOKUPS,
  MAX_WAITING_LOOKUPS,
} from '../options/membership.limits.js';

/**
 * Looks up the names that joiners give as their addresses. Few at once: a look-up that nobody waits for
 * any more goes on in the system, in threads that the whole process shares.
 */
export class JoinerNames {
  readonly #limiter = new Semaphore(MAX_NAME_LOOKUPS, MAX_WAITING_LOOKUPS);

  readonly #ctx: Pick<CoreContext, 'env'>;

  constructor(ctx: Pick<CoreContext, 'env'>) {
    this.#ctx = ctx;
  }

  /**
   * The first address behind a name; undefined if there is none, or none in time.
   * @param end monotonic ms by which it has to be known
   */
  async addressOf(name: string, end: number): Promise<string | undefined> {
    const { env } = this.#ctx;
    const left = () => end - env.clock.monotonic();
    const lookup = this.#limiter.run(async () =>
      left() > 0 ? env.resolve(name) : undefined,
    );
    try {
      const found = await Promise.race([lookup, sleep(this.#ctx, left())]);
      return found?.[0];
    } catch {
      return undefined;
    }
  }
}
