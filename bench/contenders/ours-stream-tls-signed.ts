import { BENCH_SECRET, peerCloudContender } from './support/peer-cloud.js';

export default peerCloudContender(
  'ours, stream, Express, TLS, signed',
  {
    adapter: 'express',
    lane: 'stream',
    tls: true,
    security: { secret: BENCH_SECRET },
  },
  ['request-reply', 'join'],
);
