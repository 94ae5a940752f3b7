import { peerCloudContender } from './support/peer-cloud.js';

export default peerCloudContender('ours, stream, Express, own listener', {
  adapter: 'express',
  lane: 'stream',
  listener: true,
});
