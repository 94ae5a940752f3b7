import type { Emits } from '../../../util/typed-emitter.js';
import type { LeaveReason } from '../membership.types.js';
import { ListDigest } from './list-digest.js';
import type { ListRoom } from './list-room.js';
import {
  type MemberChange,
  type MemberListEvents,
  type StateUpdate,
  type UpdateOutcome,
  type UpdateSource,
  overrides,
  type Version,
} from './member-change.js';
import { changeRecord, isLegacy, type MemberRecord } from './member-record.js';
import type { Tombstones } from './tombstones.js';

/**
 * Who is in the cloud. Every change of a member passes `apply` or `applyState`, both obey the merge rule,
 * and an event tells of each change, in order.
 */
export class MemberList {
  readonly digest = new ListDigest();
  readonly #listed = new Map<string, MemberRecord>();
  readonly #byAddress = new Map<string, string>();
  /** Members that have left, as others say; applications do not see them until that is verified. */
  readonly #hidden = new Set<string>();
  readonly #pending: MemberChange[] = [];
  #members: readonly MemberRecord[] | undefined;
  #legacyCount = 0;
  #delivering = false;

  readonly #events: Emits<MemberListEvents>;
  readonly #share: (record: MemberRecord) => MemberRecord;

  constructor(
    events: Emits<MemberListEvents>,
    readonly tombstones: Tombstones,
    readonly room: ListRoom,
    share: (record: MemberRecord) => MemberRecord = (record) => record,
  ) {
    this.#events = events;
    this.#share = share;
  }

  /** Members on the list, the hidden ones included. */
  get size(): number {
    return this.#listed.size;
  }

  /** True if not even a member that answers for itself finds a place. */
  get isFull(): boolean {
    const { maxPeers, unconfirmed } = this.room;
    return this.#listed.size >= maxPeers && unconfirmed.size === 0;
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

  /** A member is there, as its record says. */
  apply(record: MemberRecord, source: UpdateSource): UpdateOutcome {
    const member = this.#share(record);
    const known = this.#listed.get(member.id);
    const stone = known ? undefined : this.tombstones.get(member.id);
    if (
      (known && !overrides(member, known)) ||
      (stone && !overrides(member, stone))
    ) {
      return 'old';
    }
    const occupant = this.at(member.address);
    if (occupant && occupant.id !== member.id) {
      if (!source.verified) {
        return 'occupied';
      }
      const { incarnation } = occupant;
      this.#remove(
        occupant,
        { state: 'dead', incarnation },
        'replaced',
        source,
        { successor: member },
      );
    }
    if (!known && !this.#makeRoom(source)) {
      return 'full';
    }
    if (!this.room.fits(member, known, source)) {
      return 'full';
    }
    this.tombstones.delete(member.id);
    this.#put(member, known);
    this.room.named(member.id, !known, source);
    this.#publish(
      known
        ? { kind: 'changed', member, previous: known, source }
        : { kind: 'added', member, source },
    );
    return 'applied';
  }

  /** A member is suspected or gone. */
  applyState(
    update: StateUpdate,
    source: UpdateSource,
    reason: LeaveReason = update.state === 'left' ? 'left' : 'dead',
  ): UpdateOutcome {
    const known = this.#listed.get(update.id);
    if (!known) {
      if (update.state !== 'suspect') {
        this.tombstones.add(update.id, { ...update, state: update.state });
      }
      return 'old';
    }
    if (!overrides(update, known)) {
      return 'old';
    }
    if (update.state === 'suspect') {
      // The incarnation stays: with a higher one come data that this update does not carry.
      if (known.state === 'suspect') {
        return 'old';
      }
      const member = this.#share(changeRecord(known, { state: 'suspect' }));
      this.#put(member, known);
      this.#publish({ kind: 'changed', member, previous: known, source });
    } else {
      this.#remove(known, { ...update, state: update.state }, reason, source);
    }
    return 'applied';
  }

  /** A suspect answered this peer: what only this peer knows, and no update for others. */
  markAlive(id: string, source: UpdateSource): void {
    const known = this.#listed.get(id);
    if (known?.state !== 'suspect') {
      return;
    }
    const member = this.#share(changeRecord(known, { state: 'alive' }));
    this.#put(member, known);
    this.#publish({ kind: 'changed', member, previous: known, source });
  }

  /** Takes a member from sight without an end: `show` or `applyState` follows. */
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
    this.room.unconfirmed.clear();
    this.#hidden.clear();
    this.#members = undefined;
  }

  /** A member that answers for itself takes the place of one that nothing has confirmed. */
  #makeRoom({ verified }: UpdateSource): boolean {
    const { maxPeers, unconfirmed } = this.room;
    if (this.#listed.size < maxPeers) {
      return true;
    }
    const name = verified
      ? this.#listed.get(unconfirmed.first ?? '')
      : undefined;
    if (!name) {
      return false;
    }
    const { id, incarnation } = name;
    const end = { state: 'dead', incarnation } as const;
    this.#remove(name, end, 'dead', { origin: 'check', quiet: true });
    // The member may be there after all, and others may say so later.
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
    // The member's own newer word answers the doubt for which it was hidden.
    if (known && member.incarnation > known.incarnation) {
      this.#hidden.delete(member.id);
    }
    this.#members = undefined;
  }

  #remove(
    known: MemberRecord,
    { state, incarnation }: Version & { state: 'dead' | 'left' },
    reason: LeaveReason,
    source: UpdateSource,
    extra: { successor?: MemberRecord } = {},
  ): void {
    this.#listed.delete(known.id);
    this.#hidden.delete(known.id);
    this.#unindex(known);
    this.#members = undefined;
    this.room.unconfirmed.delete(known.id);
    const member = this.#share(changeRecord(known, { state, incarnation }));
    this.tombstones.add(known.id, { incarnation, state }, member);
    if (reason === 'replaced') {
      this.tombstones.forgetAddress(known.id);
    }
    this.#publish({
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
  #publish(change: MemberChange): void {
    this.#pending.push(change);
    if (this.#delivering) {
      return;
    }
    this.#delivering = true;
    try {
      for (let next; (next = this.#pending.shift());) {
        this.#emit(next);
      }
    } finally {
      this.#delivering = false;
    }
  }

  #emit(change: MemberChange): void {
    switch (change.kind) {
      case 'added':
        this.#events.emit('member.added', change);
        break;
      case 'changed':
        this.#events.emit('member.changed', change);
        break;
      case 'removed':
        this.#events.emit('member.removed', change);
    }
  }
}
