import type { MemberRecord } from './member-record.js';
import type { LeaveReason } from '../membership.types.js';

/**
 * How this peer came to know of a change; what is told to whom depends on it.
 * - `join`: it let the member in itself
 * - `answer`: the answer to its own join
 * - `joined`, `left`, `update`: the protocol's own requests
 * - `gossip`, `sync`: the extensions
 * - `check`: it asked the member itself
 */
export type ChangeOrigin =
  | 'join'
  | 'answer'
  | 'joined'
  | 'left'
  | 'update'
  | 'gossip'
  | 'sync'
  | 'check';

/** Where news comes from. */
export interface NewsSource {
  readonly origin: ChangeOrigin;
  /** The member that told it. */
  readonly from?: string;
  /** IP literal at which the teller answered, where it may be no member yet. */
  readonly toldAt?: string;
  /** True if legacy members were told already, by whoever let the member in. */
  readonly legacyTold?: boolean | undefined;
  /** True if the member itself answered at the address: it may end whoever was there before. */
  readonly verified?: boolean;
  /** True if there is nobody who does not know it. */
  readonly quiet?: boolean | undefined;
  /** Who accuses, in news of a suspicion. */
  readonly accuser?: string;
}

/** What happened to the list. */
export type MemberChange =
  | {
      readonly kind: 'added';
      readonly member: MemberRecord;
      readonly source: NewsSource;
    }
  | {
      readonly kind: 'changed';
      readonly member: MemberRecord;
      readonly previous: MemberRecord;
      readonly source: NewsSource;
    }
  | {
      readonly kind: 'removed';
      /** With the state `dead` or `left`. */
      readonly member: MemberRecord;
      readonly previous: MemberRecord;
      readonly reason: LeaveReason;
      /** The member that takes its place at its address, and is added next. */
      readonly successor?: MemberRecord;
      readonly source: NewsSource;
    };

/**
 * What became of news: it changed the list, it was old or no news, it named the address of another
 * member (`occupied`, and only that address can say who is right), or the list is full.
 */
export type NewsOutcome = 'applied' | 'old' | 'occupied' | 'full';
