import type { CoreContext } from '../core-context.js';
import { Semaphore } from '../../../util/semaphore.js';
import type { NewsSource } from '../member-list/member-change.js';
import {
  changeRecord,
  isLegacy,
  type MemberRecord,
} from '../member-list/member-record.js';
import type { Prober } from './prober.js';
import type { StatusCaller, StatusReply } from '../status/status-caller.js';

interface Check {
  readonly run: () => Promise<void>;
  /** Instead of `run`, where there are too many. */
  readonly skipped: () => void;
}

interface RunningCheck {
  readonly ended: Promise<void>;
  /** The newest that came meanwhile. */
  next?: Check | undefined;
}

/** Asks members themselves where what others say about them is not enough. */
export class Verifier {
  readonly #limiter: Semaphore;
  readonly #running = new Map<string, RunningCheck>();

  readonly #ctx: CoreContext;
  readonly #caller: StatusCaller;
  readonly #prober: Prober;

  constructor(ctx: CoreContext, caller: StatusCaller, prober: Prober) {
    this.#ctx = ctx;
    this.#caller = caller;
    this.#prober = prober;
    const { maxVerifications, maxWaitingVerifications } = ctx.options.limits;
    this.#limiter = new Semaphore(maxVerifications, maxWaitingVerifications);
  }

  /** Resolves when the checks of an id that are under way have ended. */
  settled(id: string): Promise<void> {
    return this.#running.get(id)?.ended ?? Promise.resolve();
  }

  /** A legacy peer named this member, so its features are not known (PROTOCOL.md, section 4). */
  identify(id: string): void {
    this.#once(id, async () => {
      const member = this.#ctx.list.peek(id);
      if (!member || !isLegacy(member)) {
        return;
      }
      await this.#caller.ask(member, this.#ctx.options.requestTimeout);
      const known = this.#ctx.list.peek(id);
      // It has features after all: the second question brings its own record.
      if (known && !isLegacy(known)) {
        await this.#caller.ask(known, this.#ctx.options.requestTimeout);
      }
    });
  }

  /**
   * News names another address for a member. The old one is asked first, and the member stays there
   * while it answers as that id (PROTOCOL.md, section 2, `/joined`). Only one that answers at the new
   * one may end whoever is listed there.
   */
  moved(news: MemberRecord, from: string): void {
    this.#once(news.id, async () => {
      const known = this.#ctx.list.peek(news.id);
      if (!known || known.address === news.address) {
        return;
      }
      const reply = await this.#ask(known);
      if (reply.kind === 'aborted' || reply.kind === 'busy') {
        return;
      }
      if (reply.kind === 'online' || reply.kind === 'leaving') {
        const own = reply.status.incarnation ?? 0;
        // The same process under two addresses: the news is right in all but the address.
        if (own >= news.incarnation) {
          this.#ctx.list.apply(movedTo(news, known), {
            origin: 'check',
            from,
            verified: true,
          });
        }
      } else {
        const incarnation = isLegacy(news)
          ? known.incarnation + 1
          : news.incarnation;
        const verified = await this.#isAt(news);
        this.#ctx.list.apply(changeRecord(news, { incarnation }), {
          origin: 'check',
          from,
          verified,
        });
      }
    });
  }

  /** News names the address of another member, or a member that is gone: only the address can tell. */
  contested(news: MemberRecord, source: NewsSource): void {
    this.#once(news.id, async () => {
      if (!(await this.#isAt(news))) {
        return;
      }
      const stone = this.#ctx.list.tombstones.get(news.id);
      const incarnation =
        isLegacy(news) && stone
          ? Math.max(news.incarnation, stone.incarnation + 1)
          : news.incarnation;
      const { from, legacyTold } = source;
      this.#ctx.list.apply(changeRecord(news, { incarnation }), {
        origin: 'check',
        from,
        legacyTold,
        verified: true,
      });
    });
  }

  /**
   * Somebody says that a third peer has left: it is off the list at once, and back on it if it still
   * answers with its id (PROTOCOL.md, section 2, `/left`).
   */
  departed(id: string, onVerdict: (isAlive: boolean) => void): void {
    const { list } = this.#ctx;
    if (!list.hide(id)) {
      return;
    }
    this.#once(
      id,
      async () => {
        const member = list.peek(id);
        if (!member || !list.isHidden(id)) {
          return;
        }
        const { kind } = await this.#prober.direct(member);
        const known = list.peek(id);
        if (!known) {
          return;
        }
        const isAlive = kind === 'alive' || kind === 'unsure';
        list.show(id);
        if (!isAlive) {
          this.#ended(known, kind);
        }
        onVerdict(isAlive);
      },
      () => list.show(id),
    );
  }

  #ended({ id, incarnation }: MemberRecord, kind: string): void {
    const reason =
      kind === 'leaving' ? 'left' : kind === 'replaced' ? 'replaced' : 'dead';
    const state = reason === 'left' ? 'left' : 'dead';
    this.#ctx.list.accuse(
      { id, incarnation, state },
      { origin: 'left' },
      reason,
    );
  }

  /** True if it answers at its address, by its own name. */
  async #isAt(news: MemberRecord): Promise<boolean> {
    const reply = await this.#ask(news);
    return reply.kind === 'online' && reply.status.id === news.id;
  }

  /** Twice, if need be: a question may be lost. */
  async #ask(member: MemberRecord): Promise<StatusReply> {
    const once = () =>
      this.#caller.askAddress(member, this.#prober.patience, member.id);
    const reply = await once();
    return reply.kind === 'silent' ? once() : reply;
  }

  /** One check at a time for each id, and one that waits: the newest takes the place of the one before. */
  #once(
    id: string,
    run: () => Promise<void>,
    skipped: () => void = () => {},
  ): void {
    const check = { run, skipped };
    const running = this.#running.get(id);
    if (running) {
      running.next?.skipped();
      running.next = check;
    } else {
      this.#running.set(id, { ended: this.#start(id, check) });
    }
  }

  async #start(id: string, first: Check): Promise<void> {
    try {
      for (
        let check: Check | undefined = first;
        check;
        check = this.#next(id)
      ) {
        // A step later, so that the check is known to be running.
        await Promise.resolve();
        if (this.#limiter.isSaturated) {
          check.skipped();
        } else {
          await this.#limiter.run(check.run);
        }
      }
    } finally {
      this.#running.delete(id);
    }
  }

  #next(id: string): Check | undefined {
    const running = this.#running.get(id);
    const next = running?.next;
    if (running) {
      running.next = undefined;
    }
    return next;
  }
}

function movedTo(news: MemberRecord, { ip, port }: MemberRecord): MemberRecord {
  return changeRecord(news, { ip, port });
}
