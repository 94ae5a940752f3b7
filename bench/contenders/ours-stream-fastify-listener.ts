import { peerCloudContender } from './support/peer-cloud.js';

export default peerCloudContender('ours, stream, Fastify, own listener', {
  adapter: 'fastify',
  lane: 'stream',
  listener: true,
});
