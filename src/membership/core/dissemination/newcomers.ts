import type { CoreContext } from '../context.js';
import {
  isLegacy,
  type MemberAdded,
  type MemberRecord,
  type MemberRemoved,
} from '../member-list/index.js';
import {
  MAX_NEWCOMERS,
  NEWCOMER_PERIOD,
} from '../options/membership.options.js';
import type { Notifier } from './notifier.js';

interface Newcomer {
  /** Monotonic ms from which on it has to know by itself. */
  readonly until: number;
  /** Members that were notified of it: of what they learn later, they notify it themselves. */
  readonly notified: ReadonlySet<string>;
  /** Members that were let in since by a peer that knew it: it was on the list that they were given. */
  readonly later: Set<string>;
}

/**
 * Members whose join this peer has just answered. What this peer hears right after is passed on to them,
 * because the member that said it may not have known them yet (PROTOCOL.md, section 2).
 */
export class Newcomers {
  readonly #newcomers = new Map<string, Newcomer>();

  readonly #ctx: CoreContext;
  readonly #notifier: Notifier;

  constructor(ctx: CoreContext, notifier: Notifier) {
    this.#ctx = ctx;
    this.#notifier = notifier;
  }

  /** @param notified members that were notified of its join */
  add(id: string, notified: ReadonlySet<string>): void {
    this.#newcomers.delete(id);
    this.#newcomers.set(id, {
      until: this.#ctx.env.clock.monotonic() + NEWCOMER_PERIOD,
      notified,
      later: new Set(),
    });
    this.#shrink();
  }

  /** False where a newcomer of this peer may not be known to that member yet. */
  isKnownTo(id: string, memberId: string): boolean {
    const newcomer = this.#newcomers.get(id);
    return (
      newcomer === undefined ||
      newcomer.notified.has(memberId) ||
      newcomer.later.has(memberId)
    );
  }

  /** A member is new on the list. */
  added({ member, source: { origin, from = '' } }: MemberAdded): void {
    this.#shrink();
    if (origin === 'answer') {
      return;
    }
    for (const [newcomer, { notified, later }] of this.#reachable(member.id)) {
      const isOwn = origin === 'join';
      const isByKnower =
        origin === 'joined' && (notified.has(from) || later.has(from));
      if (isOwn || isByKnower) {
        later.add(member.id);
      }
      // The admission has notified it, or it sent this itself.
      if (isOwn || newcomer.id === from) {
        continue;
      }
      if (!isLegacy(newcomer)) {
        void this.#notifier.joined(newcomer, member);
      } else if (!isByKnower) {
        void this.#notifyAnew(newcomer, member);
      }
    }
  }

  /** A member is off the list. Legacy members have somebody who sees to them. */
  removed({ member: { id }, previous, source }: MemberRemoved): void {
    this.#shrink();
    for (const [newcomer] of this.#reachable(id)) {
      if (!isLegacy(newcomer)) {
        void this.#notifier.left(newcomer, id);
      }
    }
    // An old /left may have met a new join under the same id: the newcomer has to know.
    if (source.origin === 'left' && this.#newcomers.delete(id)) {
      void this.#notifier.left(previous, id);
    }
  }

  /**
   * A legacy peer adds an entry each time that it is notified, so it first hears that the member has left.
   * The peer that let that member in may notify it at the same moment all the same.
   */
  async #notifyAnew(
    newcomer: MemberRecord,
    member: MemberRecord,
  ): Promise<void> {
    this.#ctx.events.emit('legacy.doubtful', newcomer.id, member.id);
    if (await this.#notifier.left(newcomer, member.id)) {
      await this.#notifier.joined(newcomer, member);
    }
  }

  /** Newcomers that have to be notified: in large clouds gossip reaches those with features. */
  *#reachable(except: string): Iterable<[MemberRecord, Newcomer]> {
    const { isDirect } = this.#notifier;
    for (const [id, newcomer] of this.#newcomers) {
      const member = id === except ? undefined : this.#ctx.list.peek(id);
      if (member && (isDirect || isLegacy(member))) {
        yield [member, newcomer];
      }
    }
  }

  #shrink(): void {
    const now = this.#ctx.env.clock.monotonic();
    for (const [id, { until }] of this.#newcomers) {
      if (until > now && this.#newcomers.size <= MAX_NEWCOMERS) {
        return;
      }
      this.#newcomers.delete(id);
    }
  }
}
