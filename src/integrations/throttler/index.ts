export {
  PeerThrottlerModule,
  type PeerThrottlerAsyncOptions,
  type PeerThrottlerOptions,
} from './peer-throttler.module.js';
export { PeerThrottlerStorage } from './peer-throttler.storage.js';
