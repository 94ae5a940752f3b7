import { peerCloudContender } from './support/peer-cloud.js';

export default peerCloudContender(
  'ours, stream, with metadata',
  { adapter: 'express', lane: 'stream', extra: 'metadata' },
  ['request-reply'],
  ['request-reply'],
);
