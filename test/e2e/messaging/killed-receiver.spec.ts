import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPrograms } from '../../support/build-programs.js';
import { freePort } from '../../support/free-port.js';
import { until } from '../../support/until.js';
import { closePeers, startPeer } from '../module/support/peer-app.js';
import { Ledger } from './support/ledger.js';

/** Processes that are killed in mid-stream; hundreds with PEERCLOUD_LONG_TESTS=1. */
const KILLS = process.env['PEERCLOUD_LONG_TESTS'] ? 200 : 5;
const ID = 'the-receiver';

let folder: string;
let programs: URL;
let child: ChildProcess | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peercloud-'));
  programs = await buildPrograms();
}, 180_000);

afterEach(async () => {
  child?.kill('SIGKILL');
  await closePeers();
});

afterAll(() => rm(folder, { recursive: true }));

async function handledIn(account: string): Promise<Map<number, number>> {
  const handled = new Map<number, number>();
  for (const line of (await readFile(account, 'utf8')).split('\n')) {
    if (line !== '') {
      handled.set(Number(line), (handled.get(Number(line)) ?? 0) + 1);
    }
  }
  return handled;
}

describe('a receiver that is killed in mid-stream', () => {
  it('leaves every message replied to or failed, once', async () => {
    const account = join(folder, 'account');
    await writeFile(account, '');
    const sender = await startPeer();
    const port = await freePort();
    const program = new URL(
      'test/e2e/messaging/programs/receiver.js',
      programs,
    );
    const ledger = new Ledger();
    const sendSome = () => {
      for (let each = 0; each < 50; each++) {
        const n = ledger.sent;
        const reply = sender.messaging.send(ID, { type: 'count', n });
        ledger.enter(n, reply);
      }
    };
    for (let kill = 0; kill < KILLS; kill++) {
      const { sent } = ledger;
      child = spawn(
        process.execPath,
        [
          fileURLToPath(program),
          ID,
          String(port),
          String(sender.port),
          account,
        ],
        { stdio: 'inherit' },
      );
      const ended = once(child, 'exit');
      const before = ledger.summary()['replied'] ?? 0;
      await until(
        () => {
          sendSome();
          const { replied = 0 } = ledger.summary();
          return replied > before + 500;
        },
        { timeout: 60_000, interval: 2 },
      );
      expect(ledger.sent).toBeGreaterThan(sent);
      sendSome();
      child.kill('SIGKILL');
      sendSome();
      await ended;
      await until(() => ledger.pending === 0, { timeout: 60_000 });
    }
    expect(ledger.faults(await handledIn(account))).toEqual([]);
  }, 900_000);
});
