import type { LeaveReason, MemberState } from '../membership.types.js';
import type { MemberRecord } from './member-record.js';

/** What the merge rule looks at. */
export interface Version {
  readonly incarnation: number;
  readonly state: MemberState;
}

/** At equal incarnation, the higher rank wins. */
const RANK: Record<MemberState, number> = {
  alive: 0,
  suspect: 1,
  dead: 2,
  left: 3,
};

/**
 * The one merge rule (after SWIM): may this update replace what is known? A higher incarnation wins; at
 * equal incarnation gone beats suspect beats alive, and a member's own word that it leaves beats being
 * found dead. An equal update changes nothing.
 */
export function overrides(update: Version, known: Version): boolean {
  return update.incarnation === known.incarnation
    ? RANK[update.state] > RANK[known.state]
    : update.incarnation > known.incarnation;
}

/**
 * How this peer came to know of a change; who is notified of it depends on that.
 * - `join`: this peer let the member in itself
 * - `answer`: the answer to this peer's own join
 * - `joined`, `left`, `update`: the protocol's own requests
 * - `gossip`, `sync`: the extensions
 * - `check`: this peer asked the member itself
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

/** Where an update comes from. */
export interface UpdateSource {
  readonly origin: ChangeOrigin;
  /** The member that sent it. */
  readonly from?: string;
  /** IP literal at which the sender answered, where it may be no member yet. */
  readonly senderAddress?: string;
  /** True if legacy members were notified already, by the peer that let the member in. */
  readonly legacyNotified?: boolean | undefined;
  /** True if the member itself answered at the address: it may end the member that was listed there before. */
  readonly verified?: boolean;
  /** True if nobody has to be notified. */
  readonly quiet?: boolean | undefined;
  /** The member that suspects, in an update about a suspect. */
  readonly suspectedBy?: string;
}

/** An update that a member is suspected or gone: what else is known of the member stays. */
export interface StateUpdate extends Version {
  readonly id: string;
  readonly state: 'suspect' | 'dead' | 'left';
}

/** A member is new on the list. */
export interface MemberAdded {
  readonly kind: 'added';
  readonly member: MemberRecord;
  readonly source: UpdateSource;
}

/** A member has another record. */
export interface MemberChanged {
  readonly kind: 'changed';
  readonly member: MemberRecord;
  readonly previous: MemberRecord;
  readonly source: UpdateSource;
}

/** A member is off the list. */
export interface MemberRemoved {
  readonly kind: 'removed';
  /** With the state `dead` or `left`. */
  readonly member: MemberRecord;
  readonly previous: MemberRecord;
  readonly reason: LeaveReason;
  /** The member that takes the place at the address, and is added next. */
  readonly successor?: MemberRecord;
  readonly source: UpdateSource;
}

export type MemberChange = MemberAdded | MemberChanged | MemberRemoved;

/** What this folder tells the others. */
export interface MemberListEvents {
  'member.added': [change: MemberAdded];
  'member.changed': [change: MemberChanged];
  'member.removed': [change: MemberRemoved];
  /** This peer's own record has changed. */
  'self.changed': [now: MemberRecord, before: MemberRecord];
}

/**
 * What became of an update: it changed the list, it was old or known, it named the address of another
 * member (`occupied`: only the peer at that address can say who is right), or the list is full.
 */
export type UpdateOutcome = 'applied' | 'old' | 'occupied' | 'full';
