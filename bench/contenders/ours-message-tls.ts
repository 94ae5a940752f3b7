import { peerCloudContender } from './support/peer-cloud.js';

export default peerCloudContender('ours, /message, Express, TLS', {
  adapter: 'express',
  lane: 'message',
  tls: true,
});
