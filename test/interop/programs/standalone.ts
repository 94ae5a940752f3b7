import {
  BroadcastError,
  type JsonObject,
  peercloud,
} from '../../../src/standalone/index.js';
import { type Reply, readOptions, replyTo, serve } from './rpc.js';

const { name, port, seeds } = readOptions();

const client = await peercloud({
  port,
  peers: seeds.map((seed) => ({ ip: '127.0.0.1', port: String(seed) })),
  data: { name, kind: 'standalone' },
  onmessage(peer, body, reply) {
    try {
      reply(
        null,
        replyTo(name, peer, body, (status) =>
          Object.assign(new Error('refused'), { status }),
        ) as JsonObject,
      );
    } catch (error) {
      reply(error);
    }
  },
});

serve(client.self.port, {
  names: () => client.peers().map((peer) => peer.data.name as string),
  data: () => client.peers().map((peer) => peer.data),
  async send(to, body) {
    const peer = client.peers().find(({ data }) => data.name === to);
    if (!peer) {
      throw new Error(`${name} has no peer ${to}`);
    }
    return peer.send(body as JsonObject).then((value) => ({ value }), refusal);
  },
  async broadcast(body) {
    const results = await client
      .send(body as JsonObject)
      .catch((error: unknown) => {
        if (error instanceof BroadcastError) {
          return error.results;
        }
        throw error;
      });
    return results.map(({ peer, value, error }) => ({
      name: peer.name as string,
      ...(error ? refusal(error) : { value }),
    }));
  },
  close: () => client.close(),
});

function refusal(error: unknown): Reply {
  const { status = 0, payload } = error as Partial<{
    status: number;
    payload: unknown;
  }>;
  return { status, payload };
}
