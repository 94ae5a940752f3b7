export {
  createStreamDialer,
  STREAM_DIALER,
  type StreamDialer,
} from './stream-dialer.js';
export { StreamLane } from './stream.lane.js';
