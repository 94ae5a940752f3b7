import { peerCloudContender } from './support/peer-cloud.js';

export default peerCloudContender(
  'ours, /message, Express',
  { adapter: 'express', lane: 'message' },
  ['request-reply', 'broadcast'],
  ['broadcast'],
);
