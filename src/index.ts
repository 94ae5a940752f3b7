export { PeerCloudModule } from './peer-cloud.module.js';
export type {
  PeerCloudAsyncOptions,
  PeerCloudExtras,
} from './peer-cloud.module-definition.js';
export {
  PEER_CLOUD_OPTIONS,
  PEER_HTTP_SERVICE,
} from './options/peer-cloud.tokens.js';

export type {
  PeerCloudOptions,
  PeerCloudOptionsFactory,
  ResolvedPeerCloudOptions,
} from './options/peer-cloud.options.js';
export type { PeerSeed } from './options/peer-list.js';
export {
  fileSource,
  type PeerAddressInput,
  type PeerSource,
} from './options/peer-sources.js';
export {
  HandlerFinder,
  type FoundInstance,
  type FoundMethod,
} from './discovery/handler-finder.js';
export {
  moduleOptions,
  type ModuleAsyncOptions,
  type ModuleExtras,
  type ModuleOptions,
  type ModuleOptionsRule,
} from './options/module-options.js';
export { OptionsError } from './options/option-checks.js';
export {
  readSection,
  type NumberOption,
  type OptionRule,
  type OptionTable,
  type OptionValue,
  type Section,
} from './options/read-section.js';
export { PeerCloudError } from './errors/peer-cloud.error.js';

export {
  type CloudJoinedEvent,
  type CloudLeftEvent,
  type LeaveReason,
  type MembershipOptions,
  type MembershipParameters,
  type MembershipProfileName,
  MembershipService,
  type MessageEvent,
  type MessageFailedEvent,
  OnPeerEvent,
  Peer,
  type PeerCloudEvent,
  type PeerCloudEventName,
  type PeerDescription,
  type PeerEvent,
  type PeerEventName,
  type PeerJoinedEvent,
  type PeerLane,
  type PeerLeftEvent,
  type PeerRecoveredEvent,
  type PeerState,
  type PeerSuspectedEvent,
  type PeerUpdatedEvent,
  type ProbeNotice,
  type RefusedJoin,
  type ResolvedMembershipOptions,
  type SendOptions,
  TooFewMembersError,
  type WaitOptions,
} from './membership/index.js';

export {
  BadStatusError,
  ConnectionLostError,
  InvalidBodyError,
  InvalidHandlerError,
  InvalidReplyError,
  MessageAbortedError,
  MessageError,
  MessageTimeoutError,
  MessagingService,
  NoHandlerError,
  NoSuchPeerError,
  OnPeerMessage,
  OverloadedError,
  PeerBody,
  PeerChannel,
  PeerMetadata,
  PeerSender,
  QuorumError,
  UnreachableError,
  type Broadcast,
  type BroadcastOptions,
  type BroadcastReply,
  type BroadcastResult,
  type BroadcastTrace,
  type ChannelHandler,
  type ChannelTracing,
  type MessageErrorCode,
  type MessageFailureNotice,
  type MessageNotice,
  type MessageTrace,
  type MessageTracer,
  type MessageVerdict,
  type MessagePattern,
  type MessagingOptions,
  type PeerMessageOptions,
  type PeerMessageRequest,
  type ResolvedMessagingOptions,
  type ResolvedStreamOptions,
  type StreamOptions,
} from './messaging/index.js';

export {
  KeysService,
  NoOwnerError,
  type KeyReply,
  type KeysOptions,
  type ResolvedKeysOptions,
} from './keys/index.js';

export { HEALTH_CHECK_JOB } from './health/health-check.schedule.js';
export { HealthCheckService } from './health/health-check.service.js';
export type {
  HealthCheckOptions,
  ResolvedHealthCheckOptions,
} from './health/health-check.options.js';

export type {
  ObserveOptions,
  ResolvedObserveOptions,
} from './observe/index.js';

export {
  ListenFailedError,
  type ListenerOptions,
  type ResolvedListenerOptions,
} from './listener/index.js';

export type {
  LimitOptions,
  ResolvedLimitOptions,
} from './options/limits.options.js';
export {
  PeerSecurity,
  type AddressOptions,
  type Cidr,
  type JoinAttempt,
  type Jwk,
  type KeyInput,
  type RefusedRequest,
  type ResolvedAddressOptions,
  type ResolvedSecurity,
  type SecurityMode,
  type SecurityOptions,
} from './security/index.js';
export type {
  ResolvedTls,
  TlsMaterial,
  TlsMaterials,
  TlsOptions,
} from './transport/tls.options.js';
export type {
  BroadcastListener,
  CloudTransport,
  TransportAnswer,
  TransportCallOptions,
  TransportConnection,
  TransportContext,
  TransportHeaders,
  TransportLink,
  TransportReceiver,
  TransportRequest,
  TransportSocket,
} from './transport/link/index.js';
export {
  TransportError,
  type TransportErrorCode,
} from './transport/transport.error.js';

export type { JsonObject, JsonValue } from './wire/json.js';
export type { MessageMetadata } from './wire/message-head.js';
export type {
  PeerAddress,
  PeerInfo,
  JoinRefusal,
  PeerStatus,
} from './wire/bodies.js';
