import { peercloud } from 'nestjs-peercloud/standalone';
import { dataOf, leaveOnRequest, readEnvironment } from '../messages.js';

const { name, seedPort, port } = readEnvironment();

const client = await peercloud({
  peers: [`127.0.0.1:${seedPort}`],
  port,
  host: '127.0.0.1',
  data: { name, kind: 'peercloud() of this package' },
  onmessage(peer, body, reply) {
    switch (body.type) {
      case 'hello':
        return reply(null, { text: `hi ${dataOf({ data: peer }).name}` });
      case 'chat':
        return reply(null, { text: `${name} got it` });
      default:
        return reply(null, {
          names: client.peers().map((each) => dataOf(each).name),
        });
    }
  },
});
leaveOnRequest(() => client.close());
