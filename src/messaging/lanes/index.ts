export { BroadcastLane, type SharedMessage } from './broadcast.lane.js';
export { HttpLane } from './http.lane.js';
export {
  HEAD_FEATURE,
  OutgoingHead,
  REPLIES_FEATURE,
} from './outgoing-head.js';
export {
  channelAlone,
  MessageBody,
  type MessageLane,
  type OutgoingMessage,
  untilIdle,
} from './outgoing-message.js';
export { answerError, isNoChannel, replyFault } from './replies.js';
export { ReplyReader } from './reply-reader.js';
export { ReplyWriter, type ReplyPort } from './reply-writer.js';
export { SelfLane } from './self.lane.js';
