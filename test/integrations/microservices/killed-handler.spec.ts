import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import { closePeers } from '../../e2e/module/support/peer-app.js';
import { usePrograms } from '../../support/programs.js';
import { until } from '../../support/until.js';
import { startRpc, untilHandled } from './support/rpc-app.js';

/** What a request may fail with after it may have been handled. */
const UNCERTAIN = ['CONNECTION_LOST', 'TIMEOUT'];

const AT_ONCE = 32;

const program = usePrograms(
  'test/integrations/microservices/programs/counter.ts',
);
const children: ChildProcess[] = [];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peercloud-'));
});

afterEach(async () => {
  children.splice(0).forEach((child) => child.kill('SIGKILL'));
  await closePeers();
});

afterAll(() => rm(folder, { recursive: true }));

describe.each([['by stream'], ['by /message']])('%s', (lane) => {
  it('one of three handlers is killed under load: nothing is handled twice, and each request has an answer or a code that is true', async () => {
    const caller = await startRpc({
      options: lane === 'by stream' ? {} : { messaging: { stream: false } },
    });
    const account = join(folder, lane.replace('/', ''));
    const file = program('test/integrations/microservices/programs/counter.ts');
    for (let n = 0; n < 3; n++) {
      children.push(
        spawn(process.execPath, [file, String(caller.port), account], {
          stdio: 'inherit',
        }),
      );
    }
    await untilHandled(caller, 'count', 3);

    const answered = new Set<number>();
    const failed = new Map<number, string>();
    let sent = 0;
    let isOver = false;
    const work = async () => {
      while (!isOver) {
        const n = sent++;
        try {
          expect(await firstValueFrom(caller.client.send('count', n))).toBe(n);
          answered.add(n);
        } catch (error) {
          failed.set(n, (error as { code: string }).code);
        }
      }
    };
    const workers = Array.from({ length: AT_ONCE }, work);
    await until(() => answered.size > 200);
    const [victim] = children;
    const ended = once(victim!, 'exit');
    victim!.kill('SIGKILL');
    await ended;
    const atDeath = answered.size;
    await until(() => answered.size > atDeath + 200);
    await untilHandled(caller, 'count', 2);
    isOver = true;
    await Promise.all(workers);

    const text = await readFile(account, 'utf8');
    const handled = text.split('\n').slice(0, -1).map(Number);
    expect(new Set(handled).size).toBe(handled.length);
    expect(answered.size + failed.size).toBe(sent);
    const done = new Set(handled);
    expect([...answered].filter((n) => !done.has(n))).toEqual([]);
    expect(
      [...failed].filter(
        ([n, code]) => done.has(n) && !UNCERTAIN.includes(code),
      ),
    ).toEqual([]);
    // What was in flight to it, and what was sent until its end was known; all else goes elsewhere.
    expect(failed.size).toBeLessThanOrEqual(4 * AT_ONCE);
  });
});
