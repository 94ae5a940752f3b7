import type { LeaveReason } from './core/membership.types.js';
import type { Peer, PeerDescription } from './peer.js';

/** This peer has become a member of a cloud with others. */
export interface CloudJoinedEvent {
  type: 'cloud.joined';
}

/** This peer is in no cloud with others any more: it left, or it is alone. */
export interface CloudLeftEvent {
  type: 'cloud.left';
}

/** A peer is new on the list. */
export interface PeerJoinedEvent {
  type: 'peer.joined';
  peer: Peer;
}

/** A peer is off the list: it said so (`left`), it stopped answering (`dead`), another took its place (`replaced`). */
export interface PeerLeftEvent {
  type: 'peer.left';
  peer: Peer;
  reason: LeaveReason;
}

/** What is known about a peer has changed: its data, mostly. */
export interface PeerUpdatedEvent {
  type: 'peer.updated';
  peer: Peer;
  previous: PeerDescription;
}

/** A peer does not answer; it stays on the list until that is certain. */
export interface PeerSuspectedEvent {
  type: 'peer.suspected';
  peer: Peer;
}

/** A peer that was suspected answers again. */
export interface PeerRecoveredEvent {
  type: 'peer.recovered';
  peer: Peer;
}

/** Everything that happens to the cloud, each exactly once and in order. */
export type PeerCloudEvent =
  | CloudJoinedEvent
  | CloudLeftEvent
  | PeerJoinedEvent
  | PeerLeftEvent
  | PeerUpdatedEvent
  | PeerSuspectedEvent
  | PeerRecoveredEvent;

/** Name of an event, as in `@OnPeerEvent('peer.joined')`. */
export type PeerCloudEventName = PeerCloudEvent['type'];

/** The event of a name. */
export type PeerCloudEventOf<Name extends PeerCloudEventName> = Extract<
  PeerCloudEvent,
  { type: Name }
>;
