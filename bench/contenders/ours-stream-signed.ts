import { BENCH_SECRET, peerCloudContender } from './support/peer-cloud.js';

export default peerCloudContender(
  'ours, stream, Express, signed',
  { adapter: 'express', lane: 'stream', security: { secret: BENCH_SECRET } },
  ['request-reply', 'join'],
);
