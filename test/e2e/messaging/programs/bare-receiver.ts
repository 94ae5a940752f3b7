import { openSync, writeSync } from 'node:fs';
import {
  createServer,
  request,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * As little of a peer as can take streams: it starts twenty times as fast as an app, so that a thousand
 * of them can be killed. Arguments: the id, the port of a peer in the cloud, the file for the account.
 */
const [id, seed, account] = process.argv.slice(2) as [string, string, string];
const file = openSync(account, 'a');
const HELLO = { v: 1, id, heartbeat: 10_000, maxBytes: 1e6, maxInFlight: 1000 };

let askedAt = 0;

const server = createServer((incoming, outgoing) => {
  askedAt = Date.now();
  if (incoming.url === '/stream') {
    serve(incoming, outgoing);
  } else {
    incoming.resume();
    outgoing.setHeader('content-type', 'application/json');
    outgoing.end(JSON.stringify({ id, online: true, listening: true }));
  }
});
server.listen(0, '127.0.0.1', () => setInterval(joinIfAlone, 100));

/** Every member is asked for its status all the time: a peer that nobody asks is on no list. */
function joinIfAlone(): void {
  if (Date.now() - askedAt > 2000) {
    askedAt = Date.now();
    join();
  }
}

function serve(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const write = (line: unknown) => outgoing.write(`${JSON.stringify(line)}\n`);
  write(HELLO);
  createInterface(incoming)
    .on('line', (line) => {
      const frame = JSON.parse(line) as unknown;
      if (Array.isArray(frame) && frame[0] === 'm') {
        write(['r', ...handle(frame)]);
      }
    })
    // The sender may give the stream up.
    .on('error', () => outgoing.destroy())
    .on('close', () => {
      write(['e']);
      outgoing.end();
    });
}

/** Handles the requests of a line; returns the replies. */
function handle(frame: unknown[]): unknown[] {
  const replies: unknown[] = [];
  const numbers: number[] = [];
  for (let at = 2; at < frame.length; at += 3) {
    const { n } = frame[at + 2] as { n: number };
    numbers.push(n);
    replies.push(frame[at], 200, { n });
  }
  // What is written is in the kernel's hands, whatever happens to this process.
  writeSync(file, `${numbers.join('\n')}\n`);
  return replies;
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
        features: ['stream'],
        incarnation: Date.now(),
      }),
    );
}
