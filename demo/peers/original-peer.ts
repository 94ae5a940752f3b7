import { createRequire } from 'node:module';
import { leaveOnRequest, readEnvironment } from '../messages.js';

/** The part of npm's `peercloud` that the demo uses; the package has no types. */
type Original = (
  options: object,
  callback: (error: unknown, client: OriginalClient) => void,
) => void;

interface OriginalClient {
  peers(): { data: { name: string } }[];
  close(): void;
}

const original = createRequire(import.meta.url)('peercloud') as Original;
const { name, seedPort, port } = readEnvironment();
let client: OriginalClient | undefined;

original(
  {
    peers: [{ ip: '127.0.0.1', port: seedPort }],
    port,
    data: { name, kind: 'npm peercloud 0.1.3' },
    onmessage(
      peer: { name: string },
      body: { type: string },
      reply: (error: unknown, body: object) => void,
    ) {
      if (body.type === 'members') {
        return reply(null, {
          names: client?.peers().map((each) => each.data.name) ?? [],
        });
      }
      reply(null, { text: `${name} received "${body.type}"` });
    },
  },
  (error, started) => {
    if (error) {
      throw error;
    }
    client = started;
  },
);
leaveOnRequest(() => {
  client?.close();
  return Promise.resolve();
});
