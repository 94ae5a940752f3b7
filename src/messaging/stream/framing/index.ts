export {
  BEATS,
  DeadlineWatch,
  Heartbeat,
  TransitClock,
  atTurnEnd,
} from './timing.js';
export {
  FrameConnection,
  type FrameHandler,
  type OpenSocket,
  type StreamSocket,
} from './frame-connection.js';
export {
  AWAY_LINE,
  BATCH_CHARS,
  ENDED_LINE,
  endLine,
  FRAME,
  GROUP,
  helloLine,
  LARGE_CHARS,
  LINE_SLACK_BYTES,
  parseLine,
  readHello,
  readStatusLine,
  statusLine,
  type Hello,
  StreamError,
  WrongPeerError,
} from './frames.js';
export { InFlightTable } from './in-flight-table.js';
