export { bodyFault, type BodyLimits } from './body-check.js';
export { HttpLane } from './http.lane.js';
export { HEAD_FEATURE, OutgoingHead } from './outgoing-head.js';
export {
  MessageBody,
  type MessageLane,
  type OutgoingMessage,
} from './outgoing-message.js';
export { answerError, isNoChannel, replyFault } from './replies.js';
export { SelfLane } from './self.lane.js';
