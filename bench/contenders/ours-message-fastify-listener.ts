import { peerCloudContender } from './support/peer-cloud.js';

export default peerCloudContender('ours, /message, Fastify, own listener', {
  adapter: 'fastify',
  lane: 'message',
  listener: true,
});
