import { openSync, writeSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { takeStreams } from '../../../support/stream-server.js';

/**
 * As little of a peer as can take streams: it starts twenty times as fast as an app, so that a thousand
 * of them can be killed. Arguments: the id, the port of a peer in the cloud, the file for the account.
 */
const [id, seed, account] = process.argv.slice(2) as [string, string, string];
const file = openSync(account, 'a');
const HELLO = { id, heartbeat: 10_000, maxInFlight: 1000 };

interface Message {
  n: number;
}

let joinedAt = 0;
let streams = 0;

const server = createServer((incoming, outgoing) => {
  let text = '';
  incoming.on('data', (chunk: Buffer) => (text += chunk.toString()));
  incoming.on('error', () => outgoing.destroy());
  incoming.on('end', () => {
    // Where a stream could not be opened, messages come one by one.
    const answer =
      incoming.url === '/message'
        ? handle([JSON.parse(text) as Message])[0]
        : { id, online: true, listening: true };
    outgoing.setHeader('content-type', 'application/json');
    outgoing.end(JSON.stringify(answer));
  });
});
takeStreams(
  server,
  ({ socket, write, onFrame }) => {
    streams++;
    socket.once('close', () => streams--);
    onFrame((frame) => {
      if (frame[0] === 'm') {
        write(['r', ...repliesTo(frame)]);
      } else if (frame[0] === 'e') {
        socket.end('["e"]\n');
      }
    });
  },
  HELLO,
);
server.listen(0, '127.0.0.1', () => setInterval(joinIfAlone, 100));

/** Messages come all the time to a peer that is on the list: one without a stream joins, or joins again. */
function joinIfAlone(): void {
  if (streams === 0 && Date.now() - joinedAt > 2000) {
    joinedAt = Date.now();
    join();
  }
}

/** Replies to the requests of a line: an id, a time and a body each. */
function repliesTo(frame: unknown[]): unknown[] {
  const ids = frame.filter((_, at) => at >= 2 && at % 3 === 2);
  const bodies = frame.filter((_, at) => at >= 2 && at % 3 === 1);
  const replies = handle(bodies as Message[]);
  return ids.flatMap((each, at) => [each, 200, replies[at]]);
}

/** Enters messages in the account, and returns the replies. */
function handle(messages: Message[]): Message[] {
  // What is written is in the kernel's hands, whatever happens to this process.
  writeSync(file, messages.map(({ n }) => `${n}\n`).join(''));
  return messages.map(({ n }) => ({ n }));
}

function join(): void {
  const { port } = server.address() as AddressInfo;
  request({
    method: 'POST',
    host: '127.0.0.1',
    port: seed,
    path: '/join',
    headers: { 'content-type': 'application/json' },
  })
    .on('error', () => undefined)
    .on('response', (answer) => answer.resume())
    .end(
      JSON.stringify({
        id,
        ip: '127.0.0.1',
        port,
        features: ['upgrade'],
        incarnation: Date.now(),
      }),
    );
}
