import { until } from '../../support/until.js';
import {
  closePeers,
  startPeer,
  type PeerApp,
} from '../module/support/peer-app.js';
import { closeFakePeers, post } from './support/fake-peer.js';
import {
  closeConnections,
  drip,
  head,
  open,
} from './support/raw-connection.js';

const HUGE_BYTES = 2 ** 30;

const MiB = 1024 * 1024;

afterEach(async () => {
  closeConnections();
  await Promise.all([closePeers(), closeFakePeers()]);
});

async function expectAlive(peer: PeerApp): Promise<void> {
  expect((await post(peer, '/status', {})).status).toBe(200);
}

describe('bodies', () => {
  it('that come drop by drop are answered 408, and cut', async () => {
    const peer = await startPeer({ options: { limits: { bodyTimeout: 300 } } });
    const slow = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const connection = await open(peer);
        const { socket } = connection;
        socket.write(`${head('/message', { 'content-length': 1000 })}{`);
        drip(connection);
        return connection;
      }),
    );
    await expectAlive(peer);
    await until(() => slow.every(({ closed }) => closed()));
    for (const { text } of slow) {
      expect(text()).toContain('408');
    }
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
    for (const { socket } of strangers) {
      socket.destroy();
    }
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
    if (text() !== '') {
      expect(text()).toContain('413');
    }
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
    for (const path of [
      '/join',
      '/status',
      '/message',
      '/joined',
      '/sync',
      '/observe',
    ]) {
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
