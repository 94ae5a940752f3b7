import fc from 'fast-check';
import { byAmount } from '../../support/amount.js';
import { VirtualCaches } from '../../../src/integrations/cache/testing-support/virtual-caches.js';

const TTL = 60_000;
const REPLICAS = 3;

/** Until a healed cloud is one again, and has told itself everything: detection, and two pauses between tries. */
const HEALING = 12_000;

const replica = fc.nat(REPLICAS - 1);
const key = fc.constantFrom('a', 'a', 'b');
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant('read'), replica, key }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('change'), replica, key }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('part'), replica, other: replica }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('heal') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart'), replica }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('wait'),
      ms: fc.constantFrom(5, 5, 20, 20, 20, 1000, 15_000),
    }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Reads at one replica; what it must be as new as is what is known when the read begins. */
function read(
  cloud: VirtualCaches,
  at: number,
  name: string,
  oldest = 0,
): Promise<void> {
  const reader = cloud.replicas[at]!;
  const bound = Math.max(oldest, reader.heard.get(name) ?? 0);
  return reader.read(name).then((version) => {
    expect(version, `${reader.id} reads ${name}`).toBeGreaterThanOrEqual(bound);
  });
}

async function play(
  cloud: VirtualCaches,
  steps: readonly Step[],
): Promise<void> {
  const work: Promise<unknown>[] = [];
  for (const each of steps) {
    const at = 'replica' in each ? each.replica : 0;
    const chosen = cloud.replicas[at]!;
    if (each.do === 'read' && 'key' in each) {
      work.push(read(cloud, at, each.key));
    } else if (each.do === 'change' && 'key' in each) {
      work.push(chosen.change(each.key));
    } else if (each.do === 'part' && 'other' in each && each.other !== at) {
      cloud.part(chosen, cloud.replicas[each.other]!);
    } else if (each.do === 'heal') {
      cloud.heal();
    } else if (each.do === 'restart') {
      cloud.restart(at);
    } else if ('ms' in each) {
      await cloud.run(each.ms);
    }
  }
  cloud.heal();
  await cloud.run(HEALING);
  await Promise.all(work);
}

async function readAll(
  cloud: VirtualCaches,
  oldest: (name: string) => number,
): Promise<void> {
  const reads = cloud.replicas.flatMap((_, at) =>
    ['a', 'b'].map((name) => read(cloud, at, name, oldest(name))),
  );
  await cloud.run(1000);
  await Promise.all(reads);
}

/** What those that are there have dropped, all have heard. */
function announced(cloud: VirtualCaches, name: string): number {
  const all = cloud.replicas.flatMap((each) => each.announced);
  const versions = all
    .filter((drop) => drop.key === name)
    .map(({ version }) => version);
  return Math.max(0, ...versions);
}

it.each([
  ['with room for all drops', 1000],
  ['that forget all but two drops', 2],
])(
  'three replicas %s never serve what they know to be old',
  async (_, memory) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 30, maxLength: 60 }),
        fc.integer(),
        async (steps, seed) => {
          const cloud = new VirtualCaches({
            replicas: REPLICAS,
            seed,
            ttl: TTL,
            memory,
          });
          await play(cloud, steps);
          await readAll(cloud, (name) => announced(cloud, name));
          await cloud.run(TTL);
          await readAll(cloud, (name) => cloud.source.get(name) ?? 0);
        },
      ),
      { numRuns: byAmount({ quick: 30, slow: 400, long: 20_000 }) },
    );
  },
  byAmount({ quick: 120_000, slow: 600_000, long: 7_200_000 }),
);
