export { headOf, MessageRouter, type KeyRouting } from './message-router.js';
export {
  BAD_HEAD,
  bodyFault,
  BODY_TOO_LARGE,
  NO_MORE,
  NOT_READ,
  refusal,
  replied,
  replyText,
  TOO_MANY_STREAMS,
  type BodyLimits,
  type MessageOutcome,
} from './message-outcome.js';
export type { ReplySink } from './several-replies.js';
export type { MessagePattern } from './message-pattern.js';
export {
  OnPeerMessage,
  type PeerMessageOptions,
  PeerBody,
  PeerMetadata,
  PeerSender,
} from './message.decorators.js';
export { MessageExplorer } from './message.explorer.js';
export {
  MessageHandlerFactory,
  type PeerMessageRequest,
} from './message-handler.factory.js';
