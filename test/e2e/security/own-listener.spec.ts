import { spawn, type ChildProcess } from 'node:child_process';
import type { PeerCloudOptions } from '../../../src/index.js';
import { byAmount } from '../../support/amount.js';
import { usePrograms } from '../../support/programs.js';
import { until } from '../../support/until.js';
import {
  closePeers,
  startPeer,
  type AdapterName,
  type PeerApp,
} from '../module/support/peer-app.js';
import { post } from './support/fake-peer.js';
import {
  closeConnections,
  drip,
  head,
  open,
} from './support/raw-connection.js';

/** Connections that say nothing. */
const SILENT = byAmount({ quick: 300, slow: 2000, long: 10_000 });

/** Ms that they have to say something: time enough for all of them to be there at once. */
const PATIENCE = 2000 + 3 * SILENT;

const CROWD = 'test/e2e/security/programs/silent-crowd.ts';
const programs = usePrograms(CROWD);
let crowd: ChildProcess | undefined;

afterEach(async () => {
  crowd?.kill('SIGKILL');
  closeConnections();
  await closePeers();
});

const listening = (options: PeerCloudOptions, adapter?: AdapterName) =>
  startPeer({ place: 'own listener', options, adapter });

async function expectAlive(peer: PeerApp): Promise<void> {
  expect((await post(peer, '/status', {})).status).toBe(200);
}

/** Opens connections from a process of its own: two ends of each are too many files for one. */
function startCrowd({ port }: PeerApp): () => string {
  crowd = spawn(
    process.execPath,
    [programs(CROWD), String(port), String(SILENT)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  crowd.stdout!.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return () => output;
}

describe('an own listener', () => {
  it('closes connections that say nothing, or never finish their headers', async () => {
    const peer = await listening({ limits: { headersTimeout: PATIENCE } });
    const output = startCrowd(peer);
    await until(() => output().includes('open'), { timeout: 120_000 });
    expect(output()).toContain(`${SILENT} open`);
    await expectAlive(peer);
    await until(() => output().includes('all closed'), { timeout: 120_000 });
    await expectAlive(peer);
  }, 360_000);

  it('takes no more connections than limits.maxConnections', async () => {
    const peer = await listening({ limits: { maxConnections: 20 } });
    const connections = await Promise.all(
      Array.from({ length: 60 }, () => open(peer)),
    );
    await until(
      () => connections.filter(({ closed }) => closed()).length >= 40,
    );
    for (const { socket } of connections) {
      socket.destroy();
    }
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

  it.each(['express', 'fastify'] as const)(
    'does not wait for the bodies of requests for nothing (%s)',
    async (adapter) => {
      const peer = await listening({}, adapter);
      const requests = [
        ['POST', '/nothing'],
        ['POST', '/Join'],
        ['POST', '/join/'],
        ['POST', 'http://x/join'],
        ['PUT', '/join'],
        ['GET', '/status'],
      ] as const;
      const connections = await Promise.all(
        requests.map(async ([method, path]) => {
          const connection = await open(peer);
          const { socket } = connection;
          socket.write(`${head(path, { 'content-length': 1000 }, method)}{`);
          drip(connection);
          return connection;
        }),
      );
      await until(() => connections.every(({ closed }) => closed()));
      for (const { text } of connections) {
        expect(text()).toMatch(/^HTTP\/1.1 404 /);
      }
      const { status, body } = await post(peer, '/nothing', {});
      expect([status, body.code]).toEqual([404, 'NOT_FOUND']);
    },
  );
});
