export { createLinkDialer } from './link-dialer.js';
export {
  createStreamDialer,
  STREAM_DIALER,
  StreamRefusedError,
  type StreamDialer,
} from './stream-dialer.js';
export { StreamLane } from './stream.lane.js';
