import { createRequire } from 'node:module';
import { type Reply, readOptions, replyTo, serve } from './rpc.js';

/** npm's `peercloud`, as far as these tests use it; it has no types. */
interface OriginalPeer {
  data: { name: string };
  send(body: object, callback: (error: unknown, reply: unknown) => void): void;
}

interface OriginalResult {
  peer: { name: string };
  error?: unknown;
  value?: unknown;
}

interface OriginalClient {
  peers(): OriginalPeer[];
  send(
    body: object,
    callback: (failed: OriginalResult[] | null, all: OriginalResult[]) => void,
  ): void;
}

type Original = (
  options: object,
  callback: (error: Error | null, client: OriginalClient) => void,
) => void;

const peercloud = createRequire(import.meta.url)('peercloud') as Original;
const { name, port, seeds } = readOptions();

peercloud(
  {
    port,
    peers: seeds.map((seed) => ({ ip: '127.0.0.1', port: seed })),
    data: { name, kind: 'original' },
    onmessage(
      peer: object,
      body: object,
      reply: (error: unknown, body?: object) => void,
    ) {
      try {
        reply(
          null,
          replyTo(name, peer, body, (status) =>
            Object.assign(new Error('refused'), { status }),
          ),
        );
      } catch (error) {
        reply(error);
      }
    },
  },
  (error, client) => {
    if (error) {
      throw error;
    }
    serve(port, {
      names: () => client.peers().map((peer) => peer.data.name),
      data: () => client.peers().map((peer) => peer.data),
      send: (to, body) =>
        new Promise((resolve, reject) => {
          const peer = client.peers().find(({ data }) => data.name === to);
          if (!peer) {
            return reject(new Error(`${name} has no peer ${to}`));
          }
          peer.send(body, (failure, value) => resolve(outcome(failure, value)));
        }),
      broadcast: (body) =>
        new Promise((resolve) => {
          client.send(body, (failed, all) =>
            resolve(
              (failed ?? all).map((result) => ({
                name: result.peer.name,
                ...outcome(result.error, result.value),
              })),
            ),
          );
        }),
      // It has no goodbye of its own: its close() forgets the others and goes on listening.
      close: () => process.exit(0),
    });
  },
);

function outcome(error: unknown, value: unknown): Reply {
  if (!error) {
    return { value };
  }
  const { statusCode = 0, body } = error as {
    statusCode?: number;
    body?: unknown;
  };
  return { status: statusCode, payload: body };
}
