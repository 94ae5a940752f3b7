import type { CoreContext } from '../core-context.js';
import type { MemberChange } from '../member-list/member-change.js';
import { isLegacy, type MemberRecord } from '../member-list/member-record.js';
import {
  MAX_NEWCOMERS,
  NEWCOMER_PERIOD,
} from '../options/membership.limits.js';
import type { Teller } from './teller.js';

interface Newcomer {
  /** Monotonic ms from which on it has to know by itself. */
  readonly until: number;
  /** Members that were told of it: what they learn later, they tell it themselves. */
  readonly told: ReadonlySet<string>;
  /** Members that were let in since by one that knew it: it was on the list that they were given. */
  readonly later: Set<string>;
}

/**
 * Members whose join this peer has just answered. What it hears right after is passed on to them,
 * because whoever told it may not have known them yet (PROTOCOL.md, section 2).
 */
export class Newcomers {
  /** Called when a legacy member is told of a member that another one may tell it of as well. */
  onDoubt: (legacyId: string, about: string) => void = () => {};
  readonly #newcomers = new Map<string, Newcomer>();

  readonly #ctx: CoreContext;
  readonly #teller: Teller;

  constructor(ctx: CoreContext, teller: Teller) {
    this.#ctx = ctx;
    this.#teller = teller;
  }

  add(id: string, told: ReadonlySet<string>): void {
    this.#newcomers.delete(id);
    this.#newcomers.set(id, {
      until: this.#ctx.env.clock.monotonic() + NEWCOMER_PERIOD,
      told,
      later: new Set(),
    });
    this.#shrink();
  }

  changed(change: MemberChange): void {
    this.#shrink();
    if (this.#newcomers.size === 0) {
      return;
    }
    const { member } = change;
    if (change.kind === 'added') {
      this.#passOnJoin(change);
    } else if (change.kind === 'removed') {
      this.#passOnEnd(
        member.id,
        change.previous,
        change.source.origin === 'left',
      );
    }
  }

  #passOnJoin({ member, source: { origin, from = '' } }: MemberChange): void {
    if (origin === 'answer') {
      return;
    }
    for (const [newcomer, { told, later }] of this.#reachable(member.id)) {
      const isOwn = origin === 'join';
      const isByKnower =
        origin === 'joined' && (told.has(from) || later.has(from));
      if (isOwn || isByKnower) {
        later.add(member.id);
      }
      // It was told by the admission, or told this itself.
      if (isOwn || newcomer.id === from) {
        continue;
      }
      if (!isLegacy(newcomer)) {
        void this.#teller.joined(newcomer, member);
      } else if (!isByKnower) {
        void this.#retell(newcomer, member);
      }
    }
  }

  #passOnEnd(id: string, previous: MemberRecord, byRequest: boolean): void {
    for (const [newcomer] of this.#reachable(id)) {
      void this.#teller.left(newcomer, id);
    }
    // An old goodbye may have met a new join under the same id: the newcomer has to know.
    if (byRequest && this.#newcomers.delete(id)) {
      void this.#teller.left(previous, id);
    }
  }

  /**
   * A legacy peer lists a member as often as it is told, so it is told to forget it first. Whoever let that
   * member in may tell it at the same moment all the same.
   */
  async #retell(newcomer: MemberRecord, member: MemberRecord): Promise<void> {
    this.onDoubt(newcomer.id, member.id);
    if (await this.#teller.left(newcomer, member.id)) {
      await this.#teller.joined(newcomer, member);
    }
  }

  /** Newcomers that this has to be told to: in large clouds gossip tells those with features. */
  *#reachable(except: string): Iterable<[MemberRecord, Newcomer]> {
    const { isDirect } = this.#teller;
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
