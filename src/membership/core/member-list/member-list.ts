import { ListDigest } from './list-digest.js';
import type { MemberChange, NewsOutcome, NewsSource } from './member-change.js';
import { changeRecord, isLegacy, type MemberRecord } from './member-record.js';
import type { LeaveReason } from '../membership.types.js';
import { overrides, type Version } from './merge-rule.js';
import type { ListRoom } from './list-room.js';
import type { Tombstones } from './tombstones.js';

/** News that a member is suspected or gone: what else is known of it stays. */
export interface Accusation extends Version {
  readonly id: string;
  readonly state: 'suspect' | 'dead' | 'left';
}

/**
 * Who is in the cloud. Every change of a member passes `apply` or `accuse`, both obey the merge rule,
 * and what changed is told to the listeners, in order.
 */
export class MemberList {
  readonly digest = new ListDigest();
  readonly #listed = new Map<string, MemberRecord>();
  readonly #byAddress = new Map<string, string>();
  /** Members that somebody else says have left; they are off the list until it is verified. */
  readonly #hidden = new Set<string>();
  readonly #listeners: ((change: MemberChange) => void)[] = [];
  readonly #pending: MemberChange[] = [];
  #members: readonly MemberRecord[] | undefined;
  #legacyCount = 0;
  #delivering = false;

  readonly #share: (record: MemberRecord) => MemberRecord;

  constructor(
    readonly tombstones: Tombstones,
    readonly room: ListRoom,
    share: (record: MemberRecord) => MemberRecord = (record) => record,
  ) {
    this.#share = share;
  }

  /** Members on the list, the hidden ones included. */
  get size(): number {
    return this.#listed.size;
  }

  /** True if not even a member that answers for itself finds a place. */
  get isFull(): boolean {
    const { maxPeers, hearsay } = this.room;
    return this.#listed.size >= maxPeers && hearsay.size === 0;
  }

  /** Legacy members on the list. */
  get legacyCount(): number {
    return this.#legacyCount;
  }

  /** Those members themselves, in the order in which they came. */
  legacyMembers(): MemberRecord[] {
    if (this.#legacyCount === 0) {
      return [];
    }
    return [...this.#listed.values()].filter(isLegacy);
  }

  /** The members that applications see; the same array until something changes. */
  members(): readonly MemberRecord[] {
    this.#members ??= [...this.#listed.values()].filter(
      ({ id }) => !this.#hidden.has(id),
    );
    return this.#members;
  }

  /** A member that applications see. */
  get(id: string): MemberRecord | undefined {
    return this.#hidden.has(id) ? undefined : this.#listed.get(id);
  }

  /** A member, hidden or not. */
  peek(id: string): MemberRecord | undefined {
    return this.#listed.get(id);
  }

  isHidden(id: string): boolean {
    return this.#hidden.has(id);
  }

  /** All members, hidden ones included, in the order in which they came. */
  records(): Iterable<MemberRecord> {
    return this.#listed.values();
  }

  at(address: string): MemberRecord | undefined {
    const id = this.#byAddress.get(address);
    return id === undefined ? undefined : this.#listed.get(id);
  }

  onChange(listener: (change: MemberChange) => void): void {
    this.#listeners.push(listener);
  }

  /** News of a member that is there: alive, or suspect with all that is known of it. */
  apply(told: MemberRecord, source: NewsSource): NewsOutcome {
    const news = this.#share(told);
    const known = this.#listed.get(news.id);
    const stone = known ? undefined : this.tombstones.get(news.id);
    if (
      (known && !overrides(news, known)) ||
      (stone && !overrides(news, stone))
    ) {
      return 'old';
    }
    const occupant = this.at(news.address);
    if (occupant && occupant.id !== news.id) {
      if (!source.verified) {
        return 'occupied';
      }
      const { incarnation } = occupant;
      this.#remove(
        occupant,
        { state: 'dead', incarnation },
        'replaced',
        source,
        { successor: news },
      );
    }
    if (!known && !this.#makeRoom(source)) {
      return 'full';
    }
    if (!this.room.fits(news, known, source)) {
      return 'full';
    }
    this.tombstones.delete(news.id);
    this.#put(news, known);
    this.room.heard(news.id, !known, source);
    this.#tell(
      known
        ? { kind: 'changed', member: news, previous: known, source }
        : { kind: 'added', member: news, source },
    );
    return 'applied';
  }

  /** News of a member that is suspected or gone. */
  accuse(
    news: Accusation,
    source: NewsSource,
    reason: LeaveReason = news.state === 'left' ? 'left' : 'dead',
  ): NewsOutcome {
    const known = this.#listed.get(news.id);
    if (!known) {
      if (news.state !== 'suspect') {
        this.tombstones.add(news.id, { ...news, state: news.state });
      }
      return 'old';
    }
    if (!overrides(news, known)) {
      return 'old';
    }
    if (news.state === 'suspect') {
      // The incarnation stays: with a higher one come data that this news does not carry.
      if (known.state === 'suspect') {
        return 'old';
      }
      const member = this.#share(changeRecord(known, { state: 'suspect' }));
      this.#put(member, known);
      this.#tell({ kind: 'changed', member, previous: known, source });
    } else {
      this.#remove(known, { ...news, state: news.state }, reason, source);
    }
    return 'applied';
  }

  /** A member that is suspected no more, because it was heard: local knowledge, no news for others. */
  acquit(id: string, source: NewsSource): void {
    const known = this.#listed.get(id);
    if (known?.state !== 'suspect') {
      return;
    }
    const member = this.#share(changeRecord(known, { state: 'alive' }));
    this.#put(member, known);
    this.#tell({ kind: 'changed', member, previous: known, source });
  }

  /** Takes a member from sight without an end: `show` or an accusation follows. */
  hide(id: string): boolean {
    if (!this.#listed.has(id) || this.#hidden.has(id)) {
      return false;
    }
    this.#hidden.add(id);
    this.#members = undefined;
    return true;
  }

  show(id: string): void {
    if (this.#hidden.delete(id)) {
      this.#members = undefined;
    }
  }

  /** Forgets all members, without an end of theirs: this peer has left. */
  clear(): void {
    for (const known of this.#listed.values()) {
      this.#unindex(known);
    }
    this.#listed.clear();
    this.room.hearsay.clear();
    this.#hidden.clear();
    this.#members = undefined;
  }

  /** Whoever answers for itself takes the place of a name that nothing has confirmed. */
  #makeRoom({ verified }: NewsSource): boolean {
    const { maxPeers, hearsay } = this.room;
    if (this.#listed.size < maxPeers) {
      return true;
    }
    const name = verified ? this.#listed.get(hearsay.first ?? '') : undefined;
    if (!name) {
      return false;
    }
    const { id, incarnation } = name;
    const end = { state: 'dead', incarnation } as const;
    this.#remove(name, end, 'dead', { origin: 'check', quiet: true });
    // It may be there after all: who says so later may be right.
    this.tombstones.delete(id);
    return true;
  }

  #put(member: MemberRecord, known: MemberRecord | undefined): void {
    if (known) {
      this.#unindex(known);
    }
    this.#listed.set(member.id, member);
    this.#byAddress.set(member.address, member.id);
    this.digest.add(member.id, member.digest);
    this.room.added(member);
    if (isLegacy(member)) {
      this.#legacyCount++;
    }
    // Fresh news from the member itself answers the doubt for which it was hidden.
    if (known && member.incarnation > known.incarnation) {
      this.#hidden.delete(member.id);
    }
    this.#members = undefined;
  }

  #remove(
    known: MemberRecord,
    { state, incarnation }: Version & { state: 'dead' | 'left' },
    reason: LeaveReason,
    source: NewsSource,
    extra: { successor?: MemberRecord } = {},
  ): void {
    this.#listed.delete(known.id);
    this.#hidden.delete(known.id);
    this.#unindex(known);
    this.#members = undefined;
    this.room.hearsay.delete(known.id);
    const member = this.#share(changeRecord(known, { state, incarnation }));
    this.tombstones.add(known.id, { incarnation, state }, member);
    if (reason === 'replaced') {
      this.tombstones.forgetAddress(known.id);
    }
    this.#tell({
      kind: 'removed',
      member,
      previous: known,
      reason,
      source,
      ...extra,
    });
  }

  #unindex(known: MemberRecord): void {
    if (this.#byAddress.get(known.address) === known.id) {
      this.#byAddress.delete(known.address);
    }
    this.digest.remove(known.id, known.digest);
    this.room.removed(known);
    if (isLegacy(known)) {
      this.#legacyCount--;
    }
  }

  /** A change that a listener causes waits until all have heard of the one before. */
  #tell(change: MemberChange): void {
    this.#pending.push(change);
    if (this.#delivering) {
      return;
    }
    this.#delivering = true;
    try {
      for (let next; (next = this.#pending.shift());) {
        for (const listener of this.#listeners) {
          listener(next);
        }
      }
    } finally {
      this.#delivering = false;
    }
  }
}
