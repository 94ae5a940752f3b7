import { peerCloudContender } from './support/peer-cloud.js';

export default peerCloudContender(
  'ours, stream, Express',
  { adapter: 'express', lane: 'stream' },
  [
    'request-reply',
    'broadcast',
    'fan-out',
    'light-beside-heavy',
    'open-loop',
    'growth',
    'join',
    'idle',
  ],
);
