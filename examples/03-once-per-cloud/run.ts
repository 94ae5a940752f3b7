import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  eventually,
  freePorts,
  type Replica,
  withReplicas,
} from '../support/replicas.js';

interface Line {
  job: string;
  by: string;
  occurrence?: string;
}

const REPLICAS = 3;
/** Runs that are counted, before one replica is killed and after it. */
const RUNS = 3;

const folder = await mkdtemp(join(tmpdir(), 'once-per-cloud-'));
const journal = join(folder, 'journal.jsonl');
const ports = await freePorts(REPLICAS);

try {
  await withReplicas(
    new URL('./src/main.js', import.meta.url),
    ports.map((port, index) => ({
      NAME: `replica-${index + 1}`,
      PORT: String(port),
      PEERS: ports.map((each) => `127.0.0.1:${each}`).join(),
      JOURNAL: journal,
    })),
    show,
  );
} finally {
  await rm(folder, { recursive: true });
}

async function show(replicas: Replica[]): Promise<void> {
  const { consumer } = await agreement(replicas);
  const settled = (await read()).length;
  await runsOf('report', settled);

  const holder = replicas.find(({ name }) => name === consumer)!;
  await holder.kill();
  const killed = (await read()).length;
  const others = replicas.filter((replica) => replica !== holder);
  const after = await agreement(others);
  await runsOf('report', killed);

  const lines = (await read()).slice(settled);
  const seconds = lines.flatMap(secondOf);
  expect(
    new Set(seconds).size === seconds.length,
    `none of ${seconds.length} reports came twice; missing: ${missing(seconds)}`,
  );
  const consumers = lines
    .filter(({ job }) => job === 'consumer')
    .map(({ by }) => by);
  const stays = consumers.filter((by, at) => by !== consumers[at - 1]);
  expect(
    stays.join() === [consumer, after.consumer].join(),
    `one consumer after the other: ${stays.join(', ')}`,
  );
}

function secondOf({ occurrence }: Line): number[] {
  return occurrence === undefined ? [] : [Date.parse(occurrence) / 1_000];
}

/** Seconds between the first and the last that are not there. */
function missing(seconds: readonly number[]): number {
  const all = Math.max(...seconds) - Math.min(...seconds) + 1;
  return all - new Set(seconds).size;
}

/** Waits until all say the same of who has which job. */
async function agreement(replicas: Replica[]) {
  const names = replicas.map(({ name }) => name);
  const [owners] = await eventually(
    `${names.join(', ')} know who has which job`,
    () =>
      Promise.all(
        replicas.map((each) =>
          each.call<Record<string, string>>('GET', '/jobs'),
        ),
      ),
    ([first, ...more]) =>
      [first!.report, first!.consumer].every((name) => names.includes(name!)) &&
      more.every((other) => JSON.stringify(other) === JSON.stringify(first)),
  );
  return owners!;
}

async function runsOf(job: string, from: number): Promise<void> {
  await eventually(
    `${RUNS} times "${job}"`,
    async () => (await read()).slice(from).filter((line) => line.job === job),
    (lines) => lines.length >= RUNS,
  );
}

async function read(): Promise<Line[]> {
  const text = await readFile(journal, 'utf8').catch(() => '');
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Line);
}

function expect(holds: boolean, what: string): void {
  if (!holds) {
    throw new Error(`not right: ${what}`);
  }
  console.log(`ok   ${what}`);
}
