import type { Contender } from '../contender.js';
import { isEcho } from '../load/body.js';
import { freePort, listenAtFreePort } from '../load/free-port.js';
import { originalPeer } from './support/npm-peercloud.js';

const contender: Contender = {
  title: 'npm peercloud',
  parts: ['request-reply', 'broadcast', 'growth', 'idle'],
  startsOneByOne: true,

  async server({ index, host, seeds }) {
    const port = await listenAtFreePort((free) =>
      originalPeer(host, free, { index }, seeds),
    );
    return { location: { port } };
  },

  async client({ host, peers }) {
    const port = await freePort();
    const startedAt = performance.now();
    const client = await originalPeer(host, port, {}, peers);
    const joinMs = performance.now() - startedAt;
    const byIndex = peers.map((_, index) => {
      const found = client.peers().find((peer) => peer.data.index === index);
      if (!found) {
        throw new Error(`peer ${index} is not on the list`);
      }
      return found;
    });
    return {
      joinMs,
      send: (peer, body) =>
        new Promise((resolve, reject) => {
          byIndex[peer]!.send(body, (error, reply) =>
            error ? reject(error) : resolve(reply),
          );
        }),
      broadcast: (body) =>
        new Promise((resolve) => {
          client.send(body, (error, replies) => {
            const results = (error ?? replies) as { value?: unknown }[];
            const good = results.filter(({ value }) => isEcho(value, body));
            resolve(good.length);
          });
        }),
    };
  },
};

export default contender;
