import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { usePrograms } from '../../support/programs.js';
import { until } from '../../support/until.js';

const PROGRAM = 'test/integrations/throttler/programs/replica.ts';
const LIMIT = 150;
/** Requests that are under way at each replica. */
const AT_ONCE = 4;

const programs = usePrograms(PROGRAM);

interface Replica {
  process: ChildProcess;
  port: number;
}

/** What became of requests. */
interface Counts {
  passed: number;
  refused: number;
}

let replicas: Replica[] = [];

beforeEach(async () => {
  replicas = [];
  for (let started = 0; started < 3; started++) {
    const seed = replicas.slice(0, 1).map(({ port }) => String(port));
    const process = fork(programs(PROGRAM), [String(LIMIT), ...seed], {
      execArgv: [],
    });
    const [{ port }] = (await once(process, 'message')) as [{ port: number }];
    replicas.push({ process, port });
  }
  await untilOwners(3);
}, 120_000);

afterEach(async () => {
  await Promise.all(replicas.map(kill));
});

async function kill({ process }: Replica): Promise<void> {
  if (process.exitCode === null && process.signalCode === null) {
    process.kill('SIGKILL');
    await once(process, 'exit');
  }
}

async function stateOf({ port }: Replica, key: string) {
  const response = await fetch(`http://127.0.0.1:${port}/state`, {
    headers: { key },
  });
  return (await response.json()) as { owns: boolean; owners: number };
}

function untilOwners(count: number): Promise<unknown> {
  return until(async () => {
    const states = await Promise.all(
      replicas.map((each) => stateOf(each, 'any')),
    );
    return states.every(({ owners }) => owners === count);
  });
}

/** Asks all replicas as fast as they answer, until that is enough. */
async function load(
  key: string,
  isEnough: (counts: Counts) => boolean,
  counts: Counts = { passed: 0, refused: 0 },
): Promise<Counts> {
  const ask = async (replica: Replica) => {
    while (!isEnough(counts) && replicas.includes(replica)) {
      const response = await fetch(`http://127.0.0.1:${replica.port}/work`, {
        headers: { key },
      }).catch(() => undefined);
      await response?.arrayBuffer();
      if (response?.status === 200) {
        counts.passed++;
      } else if (response?.status === 429) {
        counts.refused++;
      }
    }
  };
  await Promise.all(
    replicas.flatMap((replica) =>
      Array.from({ length: AT_ONCE }, () => ask(replica)),
    ),
  );
  return counts;
}

it('three processes under load let the limit pass, and not one more', async () => {
  for (const key of ['a', 'b']) {
    const { passed } = await load(key, ({ refused }) => refused >= LIMIT);
    expect(passed).toBe(LIMIT);
  }
}, 120_000);

it('at most two limits and the shares of one pass when the owner is killed in the middle', async () => {
  const key = 'c';
  const states = await Promise.all(replicas.map((each) => stateOf(each, key)));
  const owner = replicas[states.findIndex(({ owns }) => owns)]!;
  const counts: Counts = { passed: 0, refused: 0 };
  let isKnown = false;
  const loaded = load(key, () => isKnown, counts);
  await until(() => counts.passed >= LIMIT / 2, { interval: 1 });
  replicas = replicas.filter((each) => each !== owner);
  await kill(owner);
  await untilOwners(2);
  isKnown = true;
  await loaded;
  // The owner that follows has counted what came since, and refuses in the end.
  const enough = counts.refused + 2 * LIMIT;
  await load(key, ({ refused }) => refused >= enough, counts);
  expect(counts.passed).toBeGreaterThanOrEqual(LIMIT);
  expect(counts.passed).toBeLessThanOrEqual(3 * LIMIT);
  const after = await load(key, ({ refused }) => refused >= LIMIT);
  expect(after.passed).toBe(0);
}, 120_000);
