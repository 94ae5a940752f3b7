export { BEATS, DeadlineWatch, Heartbeat } from './shared-timers.js';
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
} from './frames.js';
export { InFlightTable } from './in-flight-table.js';
export { StreamError, WrongPeerError } from './stream.errors.js';
export { TransitClock } from './transit-clock.js';
export { atTurnEnd } from './turn-end.js';
