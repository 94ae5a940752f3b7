/** Who is in the cloud, for the app: services, events and Peer objects around the core. */
export {
  type Clock,
  type LeaveReason,
  MAX_CLOUD_LENGTH,
  MAX_CONTROL_BYTES,
  MAX_GOSSIP_BYTES,
  MAX_FEATURES,
  MAX_SIGNATURE_LENGTH,
  type Member,
  type MembershipCore,
  type MembershipEvent,
  type MembershipOptions,
  type MembershipParameters,
  type MembershipProfileName,
  type Random,
  type ProbeNotice,
  type RefusedJoin,
  type RequestOrigin,
  type ResolvedMembershipOptions,
  isCloudName,
  isFeatureList,
  isSignature,
  readIncarnation,
} from './core/index.js';
export { EventLoopDelay } from './event-loop-delay.js';
export { membershipProviders } from './membership.providers.js';
export { MembershipService } from './membership.service.js';
export {
  MembershipWaits,
  TooFewMembersError,
  type WaitOptions,
} from './membership-waits.js';
export { OnPeerEvent } from './peer-event.explorer.js';
export type {
  CloudJoinedEvent,
  CloudLeftEvent,
  MessageEvent,
  MessageFailedEvent,
  PeerCloudEvent,
  PeerCloudEventName,
  PeerEvent,
  PeerEventName,
  PeerJoinedEvent,
  PeerLeftEvent,
  PeerRecoveredEvent,
  PeerSuspectedEvent,
  PeerUpdatedEvent,
} from './peer-cloud.events.js';
export { PeerDirectory } from './peer-directory.js';
export { isMessageEvent, MessageEvents } from './peer-event.dispatcher.js';
export {
  Peer,
  type PeerDescription,
  type PeerLane,
  type PeerMessenger,
  type PeerState,
  type SendOptions,
} from './peer.js';
