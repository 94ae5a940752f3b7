import { jsonBytes } from '../../../wire/json.js';
import type { UpdateSource } from './member-change.js';
import type { MemberRecord } from './member-record.js';

export interface RoomLimits {
  /** Members on the list. */
  readonly maxPeers: number;
  /** Bytes of the data of all of them, as JSON. */
  readonly maxListBytes: number;
  /** Members that one reporter may name before any of them is confirmed. */
  readonly maxHearsay: number;
}

/** What the list has room for, whatever others say. */
export class ListRoom {
  readonly unconfirmed: UnconfirmedMembers;
  readonly maxPeers: number;
  readonly #maxBytes: number;
  #bytes = 0;

  constructor({ maxPeers, maxListBytes, maxHearsay }: RoomLimits) {
    this.maxPeers = maxPeers;
    this.#maxBytes = maxListBytes;
    this.unconfirmed = new UnconfirmedMembers(maxHearsay);
  }

  /** Bytes of the data of all members. */
  get bytes(): number {
    return this.#bytes;
  }

  /** True if the data fits. A member that answers for itself always has room for its own. */
  fits(
    { data }: MemberRecord,
    known: MemberRecord | undefined,
    { verified }: UpdateSource,
  ): boolean {
    if (verified || data === known?.data) {
      return true;
    }
    const growth = sizeOf(data) - (known ? sizeOf(known.data) : 0);
    return growth <= 0 || this.#bytes + growth <= this.#maxBytes;
  }

  added({ data }: MemberRecord): void {
    this.#bytes += sizeOf(data);
  }

  removed({ data }: MemberRecord): void {
    this.#bytes -= sizeOf(data);
  }

  /** Remembers a member that only others have named: none that this peer asked for itself. */
  named(id: string, isNew: boolean, { from, verified }: UpdateSource): void {
    if (verified) {
      this.unconfirmed.delete(id);
    } else if (isNew && from !== undefined) {
      this.unconfirmed.add(id, from);
    }
  }
}

/**
 * Members that others have named, and that no exchange has confirmed yet. Each reporter may have so many
 * of them outstanding: a liar cannot fill the list with invented members.
 */
export class UnconfirmedMembers {
  /** Reporters by the ids that they named; the id that was not checked for the longest time comes first. */
  readonly #reporters = new Map<string, string>();
  readonly #outstanding = new Map<string, number>();

  readonly #limit: number;

  /** @param limit ids that one reporter may have outstanding */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#reporters.size;
  }

  /** The id that was not checked for the longest time. */
  get first(): string | undefined {
    return this.#reporters.keys().next().value;
  }

  has(id: string): boolean {
    return this.#reporters.has(id);
  }

  /** True if the reporter has to wait until members that it named are confirmed, or gone. */
  isFull(reporter: string): boolean {
    return (this.#outstanding.get(reporter) ?? 0) >= this.#limit;
  }

  add(id: string, reporter: string): void {
    this.delete(id);
    this.#reporters.set(id, reporter);
    this.#count(reporter, 1);
  }

  /** The member is confirmed, or gone. */
  delete(id: string): void {
    const reporter = this.#reporters.get(id);
    if (reporter === undefined) {
      return;
    }
    this.#reporters.delete(id);
    this.#count(reporter, -1);
  }

  /** The id whose turn it is to be checked. */
  next(): string | undefined {
    const id = this.first;
    if (id === undefined) {
      return undefined;
    }
    const reporter = this.#reporters.get(id)!;
    this.#reporters.delete(id);
    this.#reporters.set(id, reporter);
    return id;
  }

  clear(): void {
    this.#reporters.clear();
    this.#outstanding.clear();
  }

  #count(reporter: string, change: number): void {
    const count = (this.#outstanding.get(reporter) ?? 0) + change;
    if (count > 0) {
      this.#outstanding.set(reporter, count);
    } else {
      this.#outstanding.delete(reporter);
    }
  }
}

function sizeOf(data: MemberRecord['data']): number {
  return jsonBytes(data, Infinity);
}
