export { PeerCloudModule } from './peer-cloud.module.js';
export type { PeerCloudExtras } from './peer-cloud.module-definition.js';
export {
  PEER_CLOUD_OPTIONS,
  PEER_HTTP_SERVICE,
} from './peer-cloud.constants.js';

export type {
  PeerCloudOptions,
  PeerCloudOptionsFactory,
  ResolvedPeerCloudOptions,
} from './options/peer-cloud.options.js';
export type { PeerAddressInput } from './options/peer-list.js';
export { OptionsError } from './options/options.error.js';
export { PeerCloudError } from './errors/peer-cloud.error.js';

export { MembershipService } from './membership/membership.service.js';
export { Peer, type PeerDescription } from './membership/peer.js';
export type { SendOptions } from './membership/peer-messenger.interface.js';
export { OnPeerEvent } from './membership/on-peer-event.decorator.js';
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
} from './membership/peer-cloud.events.js';
export type {
  LeaveReason,
  RefusedJoin,
} from './membership/core/membership.types.js';
export type {
  MembershipOptions,
  MembershipParameters,
  ResolvedMembershipOptions,
} from './membership/core/options/membership.options.js';

export { MessagingService } from './messaging/messaging.service.js';
export type { Broadcast } from './messaging/broadcast.js';
export type {
  BroadcastReply,
  BroadcastResult,
} from './messaging/broadcast-result.js';
export { OnPeerMessage } from './messaging/handlers/on-peer-message.decorator.js';
export { PeerBody } from './messaging/handlers/peer-body.decorator.js';
export { PeerSender } from './messaging/handlers/peer-sender.decorator.js';
export type { MessagePattern } from './messaging/handlers/message-pattern.js';
export type { PeerMessageRequest } from './messaging/handlers/message-handler.factory.js';
export { InvalidHandlerError } from './messaging/handlers/invalid-handler.error.js';
export type {
  MessageFailureNotice,
  MessageNotice,
} from './messaging/message-channels.js';
export type {
  MessagingOptions,
  ResolvedMessagingOptions,
} from './messaging/messaging.options.js';
export type {
  ResolvedStreamOptions,
  StreamOptions,
} from './messaging/stream/stream.options.js';
export {
  MessageError,
  type MessageErrorCode,
} from './messaging/errors/message.error.js';
export { BadStatusError } from './messaging/errors/bad-status.error.js';
export { ConnectionLostError } from './messaging/errors/connection-lost.error.js';
export { InvalidBodyError } from './messaging/errors/invalid-body.error.js';
export { InvalidReplyError } from './messaging/errors/invalid-reply.error.js';
export { MessageAbortedError } from './messaging/errors/aborted.error.js';
export { MessageTimeoutError } from './messaging/errors/message-timeout.error.js';
export { NoHandlerError } from './messaging/errors/no-handler.error.js';
export { NoSuchPeerError } from './messaging/errors/no-such-peer.error.js';
export { OverloadedError } from './messaging/errors/overloaded.error.js';
export { QuorumError } from './messaging/errors/quorum.error.js';
export { UnreachableError } from './messaging/errors/unreachable.error.js';

export {
  HEALTH_CHECK_JOB,
  HealthCheckService,
} from './health/health-check.service.js';
export type {
  HealthCheckOptions,
  ResolvedHealthCheckOptions,
} from './health/health-check.options.js';

export type {
  ListenerOptions,
  ResolvedListenerOptions,
} from './listener/listener.options.js';
export { ListenFailedError } from './listener/own-listener.error.js';

export type {
  AddressOptions,
  ResolvedAddressOptions,
} from './security/address.options.js';
export type {
  LimitOptions,
  ResolvedLimitOptions,
} from './security/limits.options.js';
export { PeerSecurity } from './security/peer-security.js';
export type { RefusedRequest } from './security/refusal-log.js';
export type {
  JoinAttempt,
  ResolvedSecurity,
  SecurityMode,
  SecurityOptions,
} from './security/security.options.js';
export type {
  ResolvedTls,
  TlsMaterial,
  TlsMaterials,
  TlsOptions,
} from './transport/tls.options.js';
export {
  TransportError,
  type TransportErrorCode,
} from './transport/transport.error.js';

export type { JsonObject, JsonValue } from './wire/json.js';
export type { PeerAddress, PeerInfo } from './wire/peer-info.js';
export type { PeerStatus } from './wire/requests.js';
