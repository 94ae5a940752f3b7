import { BENCH_SECRET, peerCloudContender } from './support/peer-cloud.js';

export default peerCloudContender('ours, /message, Express, signed', {
  adapter: 'express',
  lane: 'message',
  security: { secret: BENCH_SECRET },
});
