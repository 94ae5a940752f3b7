import { peerCloudContender } from './support/peer-cloud.js';

export default peerCloudContender('ours, /message, Fastify', {
  adapter: 'fastify',
  lane: 'message',
});
