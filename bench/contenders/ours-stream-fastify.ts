import { peerCloudContender } from './support/peer-cloud.js';

export default peerCloudContender('ours, stream, Fastify', {
  adapter: 'fastify',
  lane: 'stream',
});
