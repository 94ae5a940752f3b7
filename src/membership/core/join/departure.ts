import { sleep } from '../core-context.js';
import type { CoreParts } from '../core-parts.js';

/** Takes this peer out of its cloud (PROTOCOL.md, section 3). */
export class Departure {
  #goodbye = Promise.resolve();

  readonly #parts: CoreParts;

  constructor(parts: CoreParts) {
    this.#parts = parts;
  }

  /** Resolves when all others have heard of it, or had their time; one goodbye, however often it is asked for. */
  leave(): Promise<void> {
    const { life } = this.#parts.ctx;
    if (!life.leaving) {
      life.leaving = true;
      this.#goodbye = this.#leave();
    }
    return this.#goodbye;
  }

  async #leave(): Promise<void> {
    const { ctx, teller, events, gossiper, synchronizer, suspicions } =
      this.#parts;
    const { joiner, ring } = this.#parts;
    gossiper.stop();
    synchronizer.stop();
    suspicions.stop();
    const { logger } = ctx.env;
    logger.debug(`Saying goodbye to ${ctx.list.size} members`);
    const goodbyes = [...ctx.list.records()].map((member) =>
      teller.left(member, ctx.self.id),
    );
    // Whoever lets this peer in at this moment does not know yet that it leaves.
    if (goodbyes.length > 0 || joiner.isBusy) {
      const patience = sleep(ctx, 2 * ctx.options.requestTimeout);
      const everybody = Promise.all([...goodbyes, joiner.whenIdle()]);
      await Promise.race([everybody, patience]);
    }
    logger.debug('The goodbye is over');
    ctx.list.clear();
    ring.clear();
    events.left();
  }
}
