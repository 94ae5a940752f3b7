import { createRequire } from 'node:module';
import type { PeerLocation } from '../../contender.js';

type Callback = (error: unknown, value: unknown) => void;

/** What the original gives its users. */
export interface OriginalClient {
  peers(): {
    data: { index?: number };
    send(body: object, callback: Callback): void;
  }[];
  send(body: object, callback: Callback): void;
}

interface OriginalOptions {
  port: number;
  data: object;
  peers: { ip: string; port: number }[];
  onmessage(
    peer: unknown,
    body: unknown,
    reply: (error: unknown, body?: unknown) => void,
  ): void;
}

type Original = (
  options: OriginalOptions,
  callback: (error: unknown, client: OriginalClient) => void,
) => void;

const original = createRequire(import.meta.url)('peercloud') as Original;

/** A peer of the original that echoes, and has joined the seeds once the promise resolves. */
export function originalPeer(
  host: string,
  port: number,
  data: object,
  seeds: readonly PeerLocation[],
): Promise<OriginalClient> {
  return new Promise((resolve, reject) => {
    original(
      {
        port,
        data,
        // One seed will do: it names all the others.
        peers: seeds
          .slice(0, 1)
          .map((seed) => ({ ip: host, port: Number(seed['port']) })),
        onmessage: (_peer, body, reply) => reply(null, body),
      },
      (error, client) => (error ? reject(error) : resolve(client)),
    );
  });
}
