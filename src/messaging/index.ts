export {
  Broadcast,
  QuorumError,
  type BroadcastOptions,
  type BroadcastReply,
  type BroadcastResult,
} from './broadcast.js';
export {
  BAD_HEAD,
  headOf,
  MessageRouter,
  OnPeerMessage,
  PeerBody,
  PeerMetadata,
  PeerSender,
  bodyFault,
  replyText,
  refusal,
  type KeyRouting,
  type MessageOutcome,
  type MessagePattern,
  type PeerMessageOptions,
  type PeerMessageRequest,
} from './handlers/index.js';
export {
  answerError,
  MessageBody,
  SelfLane,
  type MessageLane,
  type OutgoingMessage,
} from './lanes/index.js';
export type {
  MessageFailureNotice,
  MessageNotice,
} from './message-channels.js';
export {
  MessageTraces,
  type BroadcastTrace,
  type ChannelTracing,
  type MessageTrace,
  type MessageTracer,
  type MessageVerdict,
} from './message-traces.js';
export {
  BadStatusError,
  ConnectionLostError,
  InvalidBodyError,
  InvalidHandlerError,
  InvalidReplyError,
  MessageAbortedError,
  MessageError,
  MessageTimeoutError,
  NoHandlerError,
  NoSuchPeerError,
  OverloadedError,
  UnreachableError,
  type MessageErrorCode,
} from './messaging.errors.js';
export type {
  MessagingOptions,
  ResolvedMessagingOptions,
  ResolvedStreamOptions,
  StreamOptions,
} from './messaging.options.js';
export { messagingProviders } from './messaging.providers.js';
export { MessagingService } from './messaging.service.js';
export { PeerChannel, type ChannelHandler } from './peer-channel.js';
export {
  STREAM_DIALER,
  StreamAcceptor,
  StreamLane,
  StreamRefusedError,
  type OpenSocket,
  type StreamDialer,
  type StreamSocket,
} from './stream/index.js';
