import { peerCloudContender } from './support/peer-cloud.js';

export default peerCloudContender(
  'ours, stream, traced',
  { adapter: 'express', lane: 'stream', extra: 'traced' },
  ['request-reply'],
  ['request-reply'],
);
