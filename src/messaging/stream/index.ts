export { StreamAcceptor } from './receiver/index.js';
export type { OpenSocket } from './framing/index.js';
export {
  createStreamDialer,
  STREAM_DIALER,
  StreamLane,
  StreamRefusedError,
  type StreamDialer,
} from './sender/index.js';
