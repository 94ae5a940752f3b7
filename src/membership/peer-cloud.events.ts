import type { JsonValue } from '../wire/json.js';
import type { LeaveReason } from './core/index.js';
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

/** Name of an event of `events$`. */
export type PeerCloudEventName = PeerCloudEvent['type'];

/** A message of this peer is on its way, or one of another peer is about to be handled. */
export interface MessageEvent {
  type: 'message.sent' | 'message.received';
  /** The other side. */
  peer: Peer;
  body: JsonValue;
}

/** A message that this peer sent has no reply. */
export interface MessageFailedEvent {
  type: 'message.failed';
  peer: Peer;
  body: JsonValue;
  /** What `send()` rejected with. */
  error: Error;
}

/** Everything that `@OnPeerEvent()` can hear: too many events of messages for `events$`. */
export type PeerEvent = PeerCloudEvent | MessageEvent | MessageFailedEvent;

/** Name of an event, as in `@OnPeerEvent('peer.joined')`. */
export type PeerEventName = PeerEvent['type'];
