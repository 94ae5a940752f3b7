import { peerCloudContender } from './support/peer-cloud.js';

export default peerCloudContender(
  'ours, stream, on a channel',
  { adapter: 'express', lane: 'stream', extra: 'channel' },
  ['request-reply'],
  ['request-reply'],
);
