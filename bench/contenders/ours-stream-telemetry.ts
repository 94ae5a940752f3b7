import { peerCloudContender } from './support/peer-cloud.js';

export default peerCloudContender(
  'ours, stream, OpenTelemetry',
  { adapter: 'express', lane: 'stream', extra: 'telemetry' },
  ['request-reply'],
  ['request-reply'],
);
