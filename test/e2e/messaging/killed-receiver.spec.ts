import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { byAmount } from '../../support/amount.js';
import { usePrograms } from '../../support/programs.js';
import { until } from '../../support/until.js';
import {
  closePeers,
  startPeer,
  type PeerApp,
} from '../module/support/peer-app.js';
import { Ledger } from './support/ledger.js';

/** A kind of receivers of which many are killed in mid-stream. */
interface Receivers {
  what: string;
  program: 'receiver' | 'bare-receiver';
  kills: number;
  /** So many live and die side by side: most of the time one waits for its process to start. */
  atOnce: number;
}

const RECEIVERS: Receivers[] = [
  {
    what: 'a Nest app',
    program: 'receiver',
    kills: byAmount({ quick: 2, slow: 6, long: 40 }),
    atOnce: 2,
  },
  {
    what: 'a process of its own',
    program: 'bare-receiver',
    kills: byAmount({ quick: 6, slow: 20, long: 1000 }),
    atOnce: byAmount({ quick: 2, slow: 2, long: 10 }),
  },
];

/** Processes that have not ended yet. */
const running = new Set<{ kill: (signal: 'SIGKILL') => void }>();
let folder: string;

const programs = usePrograms(
  'test/e2e/messaging/programs/receiver.ts',
  'test/e2e/messaging/programs/bare-receiver.ts',
);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peercloud-'));
});

afterEach(async () => {
  for (const child of running) {
    child.kill('SIGKILL');
  }
  await closePeers();
});

afterAll(() => rm(folder, { recursive: true }));

/** One receiver after the other under the same id, each killed in mid-stream. */
class MortalReceiver {
  readonly ledger: Ledger;
  readonly #account: string;

  readonly #sender: PeerApp;
  readonly #program: string;
  readonly #id: string;

  constructor(sender: PeerApp, program: string, id: string) {
    this.#sender = sender;
    this.#program = program;
    this.#id = id;
    this.ledger = new Ledger(id);
    this.#account = join(folder, id);
  }

  async dieOften(times: number): Promise<void> {
    await writeFile(this.#account, '');
    for (let death = 0; death < times; death++) {
      await this.#liveAndDie(death);
    }
    this.ledger.close();
  }

  /** How often each message was handled. */
  async handled(): Promise<Map<number, number>> {
    const handled = new Map<number, number>();
    const lines = (await readFile(this.#account, 'utf8')).split('\n');
    for (const n of lines.filter((line) => line !== '').map(Number)) {
      handled.set(n, (handled.get(n) ?? 0) + 1);
    }
    return handled;
  }

  async #liveAndDie(death: number): Promise<void> {
    const { ledger } = this;
    const child = spawn(
      process.execPath,
      [this.#program, this.#id, String(this.#sender.port), this.#account],
      { stdio: 'inherit' },
    );
    running.add(child);
    const ended = once(child, 'exit');
    // Killed at another moment each time, the first streams in the middle of their opening.
    const enough = ledger.replied + (death % 10) * 60 + 1;
    await until(
      () => {
        this.#sendSome();
        // Somebody else may have killed it, which is as good.
        return (
          ledger.replied >= enough ||
          child.exitCode !== null ||
          child.signalCode !== null
        );
      },
      {
        timeout: 120_000,
        interval: 5,
        what: () =>
          `${enough} replies at death ${death}: ${JSON.stringify(ledger.summary())}`,
      },
    );
    expect(child.exitCode, 'the receiver ended by itself').toBeNull();
    this.#sendSome();
    for (let turn = 0; turn < death % 4; turn++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    child.kill('SIGKILL');
    this.#sendSome();
    await ended;
    running.delete(child);
    await until(() => ledger.pending === 0, { timeout: 60_000 });
  }

  #sendSome(): void {
    const { messaging } = this.#sender;
    for (let each = 0; each < 20; each++) {
      this.ledger.enter((n) => messaging.send(this.#id, { type: 'count', n }));
    }
  }
}

describe('a receiver that is killed in mid-stream', () => {
  it.each(RECEIVERS)(
    'leaves every message replied to or failed, once ($what)',
    async ({ program, kills, atOnce }) => {
      const sender = await startPeer();
      const file = programs(`test/e2e/messaging/programs/${program}.ts`);
      const receivers = Array.from(
        { length: atOnce },
        (_, at) => new MortalReceiver(sender, file, `${program}-${at}`),
      );
      await Promise.all(receivers.map((each) => each.dieOften(kills / atOnce)));
      for (const receiver of receivers) {
        const { ledger } = receiver;
        console.info(
          `${kills / atOnce} kills, ${JSON.stringify(ledger.summary())}`,
        );
        expect(ledger.faults(await receiver.handled())).toEqual([]);
        expect(ledger.summary()['CONNECTION_LOST']).toBeGreaterThan(0);
      }
    },
    3_600_000,
  );
});
