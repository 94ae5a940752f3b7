import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { takeStreams } from '../../support/stream-server.js';
import {
  closePeers,
  startPeer,
  type PeerApp,
} from '../module/support/peer-app.js';
import { post } from './support/fake-peer.js';

const LIAR = 'liar';

let server: Server | undefined;
/** What it replies to every message: a status, and the text of the payload. */
let reply: { status: number; text: string };

afterEach(async () => {
  await closePeers();
  server?.closeAllConnections();
  server?.close();
});

const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

/** A member that keeps to the protocol in all but its replies. */
async function startLiar(target: PeerApp, features: string[]): Promise<void> {
  const incarnation = Date.now();
  server = createServer((request, response) => {
    request.resume().once('end', () => {
      const status = { id: LIAR, online: true, features, incarnation };
      const isMessage = request.url === '/message';
      response.writeHead(isMessage ? reply.status : 200, {
        'content-type': 'application/json',
      });
      response.end(isMessage ? reply.text : JSON.stringify(status));
    });
  });
  takeStreams(server, ({ write, onFrame }) =>
    onFrame((frame) => {
      for (let at = 2; at < frame.length; at += 3) {
        write(`["r",${String(frame[at])},${reply.status},${reply.text}]`);
      }
    }),
  );
  await new Promise<void>((done) => server!.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const request = { id: LIAR, ip: '127.0.0.1', port, features, incarnation };
  const { body } = await post(target, '/join', request);
  expect(body.status).toBe('joined');
}

describe.each([
  { lane: '/message', features: ['update'] },
  { lane: 'a stream', features: ['update', 'upgrade'] },
])('a reply over $lane', ({ features }) => {
  it.each([
    ['named like prototypes', '{"a":[{"__proto__":{"polluted":1}}]}'],
    ['named so by an escape', '{"\\u005f_proto__":{"polluted":1}}'],
    ['with a prototype', '{"constructor":{"prototype":{"polluted":1}}}'],
    ['nested too deep', `{"a":${deep(128)}}`],
    ['nested a hundred thousand levels deep', deep(100_000)],
  ])('%s does not reach the application', async (_kind, text) => {
    const alice = await startPeer();
    await startLiar(alice, features);
    for (const status of [200, 500]) {
      reply = { status, text };
      const sending = alice.messaging.send(LIAR, { any: 'thing' });
      await expect(sending).rejects.toMatchObject({
        name: 'InvalidReplyError',
        code: 'INVALID_REPLY',
        peerId: LIAR,
      });
    }
    const [result] = await alice.messaging.broadcast({ any: 'thing' });
    expect(result!.error).toMatchObject({ code: 'INVALID_REPLY' });
    // The way to the peer is as good as it was.
    reply = { status: 200, text: `{"a":${deep(127)}}` };
    expect(await alice.messaging.send(LIAR, {})).toEqual(
      JSON.parse(reply.text),
    );
  });

  it('is as deep as limits.maxJsonDepth says', async () => {
    const limits = { maxJsonDepth: 48 };
    const alice = await startPeer({ options: { limits } });
    await startLiar(alice, features);
    reply = { status: 200, text: deep(48) };
    expect(await alice.messaging.send(LIAR, {})).toEqual(JSON.parse(deep(48)));
    reply = { status: 200, text: deep(49) };
    await expect(alice.messaging.send(LIAR, {})).rejects.toMatchObject({
      code: 'INVALID_REPLY',
    });
  });
});
