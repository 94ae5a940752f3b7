import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '../../../../src/wire/json.js';

/** A seed that lets everybody in and names many others. */
export interface ListingSeed {
  /** As in the option `peers`. */
  readonly address: string;
  close(): Promise<void>;
}

/** Entries that a joiner believes, none of which it will ever reach. */
export function entries(count: number, data: JsonObject = {}): JsonObject[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `member-${index}`,
    ip: `10.9.${Math.floor(index / 200)}.${1 + (index % 200)}`,
    port: 9338,
    data,
    features: ['update', 'gossip', 'probe', 'sync', 'upgrade'],
    incarnation: 1,
  }));
}

/** Starts one on loopback that answers `/join` with these entries. */
export async function listingSeed(
  peers: readonly JsonObject[],
): Promise<ListingSeed> {
  const self = { id: 'seed', features: ['gossip'], incarnation: 1 };
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const text = Buffer.concat(chunks).toString() || '{}';
      const { id, port } = JSON.parse(text) as JsonObject;
      const answers: Record<string, JsonObject> = {
        '/join': {
          status: 'joined',
          id: id!,
          ip: '127.0.0.1',
          port: port!,
          self: { ...self, data: {}, ip: '127.0.0.1', port: own },
          peers: [...peers],
        },
        '/status': { ...self, online: true, ext: { updates: [] } },
      };
      response.end(JSON.stringify(answers[request.url ?? ''] ?? {}));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port: own } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${own}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
