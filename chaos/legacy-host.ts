import { createRequire } from 'node:module';
import { serveCommands, type Command, type Lists } from './commands.js';

/** A process with one peer of the original npm package. */

interface LegacyClient {
  peers(): { data: { name?: string } }[];
  send(
    body: object,
    callback: (error: unknown, replies: unknown) => void,
  ): void;
}
type Peercloud = (
  options: object,
  callback: (error: unknown, client: LegacyClient) => void,
) => unknown;

const peercloud = createRequire(import.meta.url)('peercloud') as Peercloud;
const clients = new Map<string, LegacyClient>();

function start(
  command: Extract<Command, { type: 'start' }>,
): Promise<Record<string, never>> {
  return new Promise((resolve, reject) => {
    peercloud(
      {
        peers: command.seeds,
        port: command.port,
        data: { name: command.name },
        onmessage: (_peer: unknown, _body: unknown, reply: Function) =>
          reply(null, { ok: true }),
      },
      (error, client) => {
        if (error) {
          return reject(new Error(JSON.stringify(error)));
        }
        clients.set(command.name, client);
        resolve({});
      },
    );
  });
}

function broadcast(client: LegacyClient): Promise<object> {
  return new Promise((resolve) => {
    client.send({ hello: 'legacy' }, (errors, replies) => {
      const results = (errors ?? replies) as { error?: unknown }[];
      const failed = results.filter((result) => result.error);
      resolve({
        replies: results.length - failed.length,
        failures: failed.map((result) => JSON.stringify(result.error)),
      });
    });
  });
}

function lists(): Lists {
  return Object.fromEntries(
    [...clients].map(([name, client]) => [
      name,
      client.peers().map((peer) => String(peer.data.name)),
    ]),
  );
}

serveCommands(async (command) => {
  switch (command.type) {
    case 'start':
      return start(command);
    case 'lists':
      return lists();
    case 'departures':
      return [];
    case 'broadcast':
      return broadcast(clients.get(command.name)!);
  }
});
