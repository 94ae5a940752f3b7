export { StreamAcceptor } from './receiver/index.js';
export type { OpenSocket, StreamSocket } from './framing/index.js';
export {
  createLinkDialer,
  createStreamDialer,
  STREAM_DIALER,
  StreamLane,
  StreamRefusedError,
  type StreamDialer,
} from './sender/index.js';
