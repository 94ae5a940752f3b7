import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import { OnPeerMessage, type PeerCloudOptions } from '../../../src/index.js';
import { until } from '../../support/until.js';
import {
  closePeers,
  listOf,
  startPeer,
  type PeerApp,
} from '../module/support/peer-app.js';
import { closeFakePeers, maliciousMember, post } from './support/fake-peer.js';

/** The whole attacks take minutes: their sizes come from the environment (docs/security.md). */
const SILENT = Number(process.env.ATTACK_CONNECTIONS ?? 1000);
const HUGE_BYTES = Number(process.env.ATTACK_BODY_BYTES ?? 2 ** 30);

const MiB = 1024 * 1024;
const sockets = new Set<Socket>();

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await Promise.all([closePeers(), closeFakePeers()]);
});

interface Connection {
  socket: Socket;
  /** What the peer has written so far. */
  text: () => string;
  closed: () => boolean;
}

async function open({ port }: { port: number }): Promise<Connection> {
  const socket = connect(port, '127.0.0.1');
  sockets.add(socket);
  let text = '';
  let closed = false;
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.on('close', () => (closed = true));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return { socket, text: () => text, closed: () => closed };
}

function head(path: string, headers: Record<string, string | number>): string {
  const lines = Object.entries({
    host: 'x',
    'content-type': 'application/json',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

async function expectAlive(peer: PeerApp): Promise<void> {
  expect((await post(peer, '/status', {})).status).toBe(200);
}

const listening = (options: PeerCloudOptions) =>
  startPeer({ place: 'own listener', options });

describe('an own listener', () => {
  it('closes connections that say nothing, or never finish their headers', async () => {
    const peer = await listening({ limits: { headersTimeout: 500 } });
    const connections: Connection[] = [];
    for (let count = 0; count < SILENT; count += 100) {
      const some = Array.from({ length: 100 }, () => open(peer));
      connections.push(...(await Promise.all(some)));
    }
    for (const { socket } of connections.filter((_, index) => index % 2)) {
      socket.write('POST /status HTTP/1.1\r\nx-slow: ');
    }
    await expectAlive(peer);
    await until(() => connections.every(({ closed }) => closed()), {
      timeout: 60_000,
    });
    await expectAlive(peer);
  }, 120_000);

  it('takes no more connections than limits.maxConnections', async () => {
    const peer = await listening({ limits: { maxConnections: 20 } });
    const connections = await Promise.all(
      Array.from({ length: 60 }, () => open(peer)),
    );
    await until(
      () => connections.filter(({ closed }) => closed()).length >= 40,
    );
    for (const { socket } of connections) socket.destroy();
    await until(() =>
      post(peer, '/status', {}).then(({ status }) => status === 200),
    );
  });

  it('answers 431 to header bombs', async () => {
    const peer = await listening({});
    const long = await open(peer);
    long.socket.write(head('/status', { 'x-bomb': 'x'.repeat(20_000) }));
    const many = await open(peer);
    const names = Array.from({ length: 5000 }, (_, n) => [`x-${n}`, 'bomb']);
    many.socket.write(head('/status', Object.fromEntries(names)));
    for (const { text, closed } of [long, many]) {
      await until(() => text().startsWith('HTTP/1.1 431') || closed());
    }
    await expectAlive(peer);
  });
});

describe('bodies', () => {
  it('that come drop by drop are answered 408, and cut', async () => {
    const peer = await startPeer({ options: { limits: { bodyTimeout: 300 } } });
    const slow = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const connection = await open(peer);
        const { socket } = connection;
        socket.write(`${head('/message', { 'content-length': 1000 })}{`);
        const timer = setInterval(() => socket.write(' '), 50);
        socket.once('close', () => clearInterval(timer));
        return connection;
      }),
    );
    await expectAlive(peer);
    await until(() => slow.every(({ closed }) => closed()));
    for (const { text } of slow) expect(text()).toContain('408');
    await expectAlive(peer);
  });

  it('that all but end hold only limits.maxIncomingBytes of memory', async () => {
    const peer = await startPeer({
      options: { limits: { maxIncomingBytes: 2 * MiB } },
    });
    const body = `{"x":"${'x'.repeat(MiB - 1000)}`;
    const strangers = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const connection = await open(peer);
        connection.socket.write(
          head('/message', { 'content-length': body.length + 100 }) + body,
        );
        return connection;
      }),
    );
    await until(
      () => strangers.filter(({ text }) => text().includes('429')).length >= 17,
    );
    const refused = strangers.find(({ text }) => text().includes('429'))!;
    expect(refused.text().toLowerCase()).toContain('retry-after: 1');
    await expectAlive(peer);
    const large = { text: 'x'.repeat(MiB / 2) };
    for (const { socket } of strangers) socket.destroy();
    await until(() =>
      post(peer, '/status', large).then(({ status }) => status === 200),
    );
  });

  it('of 1 GB are answered 413 and cut, and memory stays flat', async () => {
    const peer = await startPeer();
    const announced = await open(peer);
    announced.socket.write(head('/message', { 'content-length': HUGE_BYTES }));
    await until(() => announced.text().includes('413'));
    await until(announced.closed, { timeout: 60_000 });

    const before = process.memoryUsage().rss;
    const piece = Buffer.alloc(MiB, 0x20);
    const { socket, closed, text } = await open(peer);
    socket.write(head('/message', { 'transfer-encoding': 'chunked' }));
    let sent = 0;
    while (sent < HUGE_BYTES && !closed()) {
      socket.write(`${piece.length.toString(16)}\r\n`);
      socket.write(piece);
      const flowing = socket.write('\r\n');
      sent += piece.length;
      if (!flowing) {
        await new Promise((resolve) => {
          socket.once('drain', resolve).once('close', resolve);
        });
      }
    }
    await until(closed);
    expect(sent).toBeLessThan(HUGE_BYTES / 4);
    if (text() !== '') expect(text()).toContain('413');
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * MiB);
    await expectAlive(peer);
  }, 60_000);

  it('nested a million levels deep, or named like prototypes, are 400', async () => {
    const peer = await startPeer();
    const deep = '['.repeat(500_000) + ']'.repeat(500_000);
    const hostile = [
      `{"data":${deep}}`,
      '{"__proto__":{"admin":true}}',
      '{"data":{"__proto__":{"admin":true}}}',
      '{"constructor":{"prototype":{"admin":true}}}',
    ];
    for (const path of ['/join', '/status', '/message', '/joined', '/sync']) {
      for (const body of hostile) {
        const answer = await post(peer, path, body);
        expect([answer.status, answer.body.code]).toEqual([
          400,
          'INVALID_JSON',
        ]);
      }
    }
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    await expectAlive(peer);
  });
});

describe("a page in somebody's browser", () => {
  const handled: unknown[] = [];

  @Injectable()
  class Recorder {
    @OnPeerMessage()
    record(body: object): void {
      handled.push(body);
    }
  }

  it.each(['mounted', 'own listener'] as const)(
    'cannot post across sites (%s)',
    async (place) => {
      const peer = await startPeer({ place, providers: [Recorder] });
      await maliciousMember(peer, 'member');
      const before = listOf(peer);
      const origin = 'https://evil.example';
      // All that a page can send without asking first.
      for (const type of [
        'text/plain',
        'text/plain; application/json',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
        '',
      ]) {
        for (const path of ['/join', '/message', '/left', '/joined']) {
          const { status, headers } = await post(
            peer,
            path,
            '{"id":"member","ip":"127.0.0.1","port":4000}',
            { 'content-type': type, origin, 'x-peercloud-id': 'member' },
          );
          expect(status).toBe(415);
          expect(headers.has('access-control-allow-origin')).toBe(false);
        }
      }
      const preflight = await fetch(`http://127.0.0.1:${peer.port}/message`, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type',
        },
      });
      expect(preflight.headers.has('access-control-allow-origin')).toBe(false);
      expect(handled).toEqual([]);
      expect(listOf(peer)).toEqual(before);
    },
  );
});
