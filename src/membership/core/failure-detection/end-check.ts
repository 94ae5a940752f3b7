import type { CoreContext } from '../core-context.js';
import { Semaphore } from '../../../util/semaphore.js';
import type { NewsSource } from '../member-list/member-change.js';
import type { Accusation } from '../member-list/member-list.js';
import { overrides } from '../member-list/merge-rule.js';
import type { Prober } from './prober.js';

/**
 * Asks a member that others say is gone. Anybody can say so: whoever answers stays on the list, and
 * applications hear nothing of it.
 */
export class EndCheck {
  readonly #limiter: Semaphore;
  readonly #running = new Set<string>();

  readonly #ctx: CoreContext;
  readonly #prober: Prober;

  constructor(ctx: CoreContext, prober: Prober) {
    this.#ctx = ctx;
    this.#prober = prober;
    const { maxVerifications, maxWaitingVerifications } = ctx.options.limits;
    this.#limiter = new Semaphore(maxVerifications, maxWaitingVerifications);
  }

  /** News that a member is dead or has left, which becomes true only if the member does not answer. */
  told(news: Accusation, source: NewsSource): void {
    const known = this.#ctx.list.peek(news.id);
    if (!known || !overrides(news, known) || this.#running.has(news.id)) {
      return;
    }
    this.#running.add(news.id);
    void this.#limiter
      .run(() => this.#check(news, source))
      .finally(() => this.#running.delete(news.id));
  }

  async #check(news: Accusation, source: NewsSource): Promise<void> {
    const { list, life } = this.#ctx;
    const member = list.peek(news.id);
    if (!member) {
      return;
    }
    const { kind } = await this.#prober.direct(member);
    if (kind === 'alive' || kind === 'unsure' || !life.active) {
      return;
    }
    list.accuse(news, source, kind === 'replaced' ? 'replaced' : undefined);
  }
}
