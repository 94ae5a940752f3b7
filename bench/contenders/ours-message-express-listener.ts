import { peerCloudContender } from './support/peer-cloud.js';

export default peerCloudContender('ours, /message, Express, own listener', {
  adapter: 'express',
  lane: 'message',
  listener: true,
});
