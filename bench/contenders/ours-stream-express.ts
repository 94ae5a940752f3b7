import { peerCloudContender } from './support/peer-cloud.js';

export default peerCloudContender(
  'ours, stream, Express',
  { adapter: 'express', lane: 'stream' },
  ['request-reply', 'broadcast', 'light-beside-heavy', 'open-loop', 'growth'],
);
