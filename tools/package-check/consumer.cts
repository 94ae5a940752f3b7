// The types as TypeScript in a CommonJS project sees them.
import nest = require('nestjs-peercloud');
import standalone = require('nestjs-peercloud/standalone');

const options: nest.PeerCloudOptions = { peers: ['127.0.0.1:9338'] };
const registered = nest.PeerCloudModule.forRoot({ ...options, isGlobal: true });

const client: Promise<standalone.PeerCloudClient> | undefined =
  process.argv.length > 99 ? standalone.peercloud(options) : undefined;

export = { registered, client };
