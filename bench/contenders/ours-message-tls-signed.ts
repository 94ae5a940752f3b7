import { BENCH_SECRET, peerCloudContender } from './support/peer-cloud.js';

export default peerCloudContender('ours, /message, Express, TLS, signed', {
  adapter: 'express',
  lane: 'message',
  tls: true,
  security: { secret: BENCH_SECRET },
});
