import { jsonBytes } from '../../../wire/json-bytes.js';
import { Hearsay } from './hearsay.js';
import type { NewsSource } from './member-change.js';
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
  readonly hearsay: Hearsay;
  readonly maxPeers: number;
  readonly #maxBytes: number;
  #bytes = 0;

  constructor({ maxPeers, maxListBytes, maxHearsay }: RoomLimits) {
    this.maxPeers = maxPeers;
    this.#maxBytes = maxListBytes;
    this.hearsay = new Hearsay(maxHearsay);
  }

  /** Bytes of the data of all members. */
  get bytes(): number {
    return this.#bytes;
  }

  /** True if the data fits. A member that answers for itself always has room for its own. */
  fits(
    { data }: MemberRecord,
    known: MemberRecord | undefined,
    { verified }: NewsSource,
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

  /** Remembers what is hearsay: not what this peer asked for itself. */
  heard(id: string, isNew: boolean, { from, verified }: NewsSource): void {
    if (verified) {
      this.hearsay.delete(id);
    } else if (isNew && from !== undefined) {
      this.hearsay.add(id, from);
    }
  }
}

function sizeOf(data: MemberRecord['data']): number {
  return jsonBytes(data, Infinity);
}
