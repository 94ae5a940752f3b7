export { StreamAcceptor } from './receiver/index.js';
export {
  createStreamDialer,
  STREAM_DIALER,
  StreamLane,
} from './sender/index.js';
