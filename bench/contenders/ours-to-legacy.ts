import type { Contender } from '../contender.js';
import { peerCloudClient } from './support/peer-cloud.js';
import peercloud from './peercloud.js';

const contender: Contender = {
  title: 'ours to a legacy peer (npm peercloud)',
  parts: ['request-reply'],
  server: (env) => peercloud.server(env),
  client: (env) => peerCloudClient(env, { adapter: 'express', lane: 'stream' }),
};

export default contender;
