import { peerCloudContender } from './support/peer-cloud.js';

export default peerCloudContender(
  'ours, stream, Express, TLS',
  { adapter: 'express', lane: 'stream', tls: true },
  ['request-reply', 'join'],
);
