import type { CoreContext } from '../context.js';
import { Semaphore } from '../../../util/semaphore.js';
import {
  changeRecord,
  isLegacy,
  overrides,
  type MemberRecord,
  type StateUpdate,
  type UpdateSource,
} from '../member-list/index.js';
import type { StatusCaller, StatusReply } from '../status/index.js';
import type { Prober, Verdict } from './prober.js';

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
  readonly #semaphore: Semaphore;
  readonly #running = new Map<string, RunningCheck>();
  /** Checks of members that are gone, as others say; the ids of those under way. */
  readonly #ends: Semaphore;
  readonly #ending = new Set<string>();

  readonly #ctx: CoreContext;
  readonly #caller: StatusCaller;
  readonly #prober: Prober;

  constructor(ctx: CoreContext, caller: StatusCaller, prober: Prober) {
    this.#ctx = ctx;
    this.#caller = caller;
    this.#prober = prober;
    const { maxVerifications, maxWaitingVerifications } = ctx.options.limits;
    this.#semaphore = new Semaphore(maxVerifications, maxWaitingVerifications);
    this.#ends = new Semaphore(maxVerifications, maxWaitingVerifications);
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
   * An update names another address for a member. The old address is asked first, and the member stays
   * there while it answers with its id (PROTOCOL.md, section 2, `/joined`). Only a member that answers at
   * the new address may end the one that is listed there.
   */
  moved(update: MemberRecord, from: string): void {
    this.#once(update.id, async () => {
      const known = this.#ctx.list.peek(update.id);
      if (!known || known.address === update.address) {
        return;
      }
      const reply = await this.#ask(known);
      if (reply.kind === 'aborted' || reply.kind === 'busy') {
        return;
      }
      if (reply.kind === 'online' || reply.kind === 'leaving') {
        const own = reply.status.incarnation ?? 0;
        // The same process under two addresses: the update is right in all but the address.
        if (own >= update.incarnation) {
          const { ip, port } = known;
          this.#ctx.list.apply(changeRecord(update, { ip, port }), {
            origin: 'check',
            from,
            verified: true,
          });
        }
      } else {
        const incarnation = isLegacy(update)
          ? known.incarnation + 1
          : update.incarnation;
        const verified = await this.#isAt(update);
        this.#ctx.list.apply(changeRecord(update, { incarnation }), {
          origin: 'check',
          from,
          verified,
        });
      }
    });
  }

  /** An update names the address of another member, or a member that is gone: only the peer at that address can tell. */
  contested(update: MemberRecord, source: UpdateSource): void {
    this.#once(update.id, async () => {
      if (!(await this.#isAt(update))) {
        return;
      }
      const stone = this.#ctx.list.tombstones.get(update.id);
      const incarnation =
        isLegacy(update) && stone
          ? Math.max(update.incarnation, stone.incarnation + 1)
          : update.incarnation;
      const { from, legacyNotified } = source;
      this.#ctx.list.apply(changeRecord(update, { incarnation }), {
        origin: 'check',
        from,
        legacyNotified,
        verified: true,
      });
    });
  }

  /**
   * A third member has left, as one says by `/left`: it is off the list at once, and back on it if it still
   * answers with its id (PROTOCOL.md, section 2, `/left`).
   */
  left(id: string, onVerdict: (isAlive: boolean) => void): void {
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
          this.#end(known, kind);
        }
        onVerdict(isAlive);
      },
      () => list.show(id),
    );
  }

  /**
   * A member is dead or has left, as one says by gossip. Anybody can say so: a member that answers stays on
   * the list, and applications hear nothing of it.
   */
  ended(update: StateUpdate, source: UpdateSource): void {
    const known = this.#ctx.list.peek(update.id);
    if (!known || !overrides(update, known) || this.#ending.has(update.id)) {
      return;
    }
    this.#ending.add(update.id);
    void this.#ends
      .run(() => this.#checkEnd(update, source))
      .finally(() => this.#ending.delete(update.id));
  }

  async #checkEnd(update: StateUpdate, source: UpdateSource): Promise<void> {
    const { list, life } = this.#ctx;
    const member = list.peek(update.id);
    if (!member) {
      return;
    }
    const { kind } = await this.#prober.direct(member);
    if (kind === 'alive' || kind === 'unsure' || !life.active) {
      return;
    }
    list.applyState(
      update,
      source,
      kind === 'replaced' ? 'replaced' : undefined,
    );
  }

  #end({ id, incarnation }: MemberRecord, kind: Verdict['kind']): void {
    const reason =
      kind === 'leaving' ? 'left' : kind === 'replaced' ? 'replaced' : 'dead';
    const state = reason === 'left' ? 'left' : 'dead';
    this.#ctx.list.applyState(
      { id, incarnation, state },
      { origin: 'left' },
      reason,
    );
  }

  /** True if the member answers at its address, by its own id. */
  async #isAt(member: MemberRecord): Promise<boolean> {
    const reply = await this.#ask(member);
    return reply.kind === 'online' && reply.status.id === member.id;
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
        if (this.#semaphore.isSaturated) {
          check.skipped();
        } else {
          await this.#semaphore.run(check.run);
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
