import { VirtualCloud } from '../testing-support/virtual-cloud.js';

const SECOND = 1_000;
const SEEDS = 5;
const MINUTES = 5;

/** A cloud that is never left alone, from a seed. */
async function storm(
  seed: number,
  blows: readonly ((cloud: VirtualCloud, id: string) => void)[],
) {
  const cloud = new VirtualCloud(
    [
      { name: 'every second', every: SECOND },
      { name: 'every 5 s', every: 5 * SECOND, takes: 2_000 },
      { name: 'fenced', every: 2 * SECOND, isFenced: true, takes: 50 },
      { name: 'singleton', isFenced: true },
    ],
    seed,
  );
  await cloud.startMany(6);
  const from = cloud.clock.monotonic();
  let count = 0;
  while (cloud.clock.monotonic() - from < MINUTES * 60 * SECOND) {
    const ids = [...cloud.peers.keys()];
    const id = ids[cloud.random.uint32() % ids.length]!;
    const blow = blows[cloud.random.uint32() % blows.length]!;
    if (ids.length > 3) {
      blow(cloud, id);
      count += 1;
    }
    if (cloud.peers.size < 6) {
      cloud.start({ skew: (cloud.random.uint32() % 400) - 200 });
    }
    await cloud.clock.run(1_000 + (cloud.random.uint32() % 9_000));
  }
  await cloud.clock.run(40 * SECOND);
  const to = cloud.clock.monotonic() - 10 * SECOND;
  const verdict = (job: string, every: number) =>
    cloud.verdict(job, every, from, to);
  return { cloud, verdict, count };
}

const leave = (cloud: VirtualCloud, id: string) => void cloud.leave(id);
const kill = (cloud: VirtualCloud, id: string) => cloud.kill(id);
const block = (cloud: VirtualCloud, id: string) => cloud.stall(id, 2_500);
const stall = (cloud: VirtualCloud, id: string) => cloud.stall(id, 15_000);
const part = (cloud: VirtualCloud, id: string) => {
  const others = [...cloud.peers.keys()].filter((other) => other !== id);
  const heal = cloud.part([id, others[0]!], others.slice(1));
  cloud.clock.setTimeout(heal, 15_000);
};

describe.each(Array.from({ length: SEEDS }, (_, at) => at + 1))(
  'a scheduler in a storm, seed %i',
  (seed) => {
    const tokens = (cloud: VirtualCloud, job: string) =>
      cloud.runs.flatMap((run) => (run.job === job ? run.token! : []));
    const rising = (all: bigint[]) =>
      [...new Set(all)].sort((a, b) => (a < b ? -1 : 1));

    it('loses nothing and runs nothing twice while peers come and go', async () => {
      const { cloud, verdict } = await storm(seed, [leave]);
      for (const [job, every] of [
        ['every second', 1_000],
        ['every 5 s', 5_000],
        ['fenced', 2_000],
      ] as const) {
        expect(verdict(job, every)).toMatchObject({ lost: [], double: [] });
      }
      expect(cloud.warnings).toEqual([]);
    });

    it('runs nothing twice, and loses at most one for a death, while peers die and stand still for a moment', async () => {
      const { verdict, count } = await storm(seed, [kill, leave, block]);
      for (const [job, every] of [
        ['every second', 1_000],
        ['every 5 s', 5_000],
        ['fenced', 2_000],
      ] as const) {
        const { lost, double } = verdict(job, every);
        expect(double).toEqual([]);
        expect(lost.length).toBeLessThanOrEqual(count);
      }
    });

    it('runs nothing twice with a fence, whatever happens, and its tokens rise', async () => {
      const { cloud, verdict } = await storm(seed, [kill, leave, stall, part]);
      expect(verdict('fenced', 2_000).double).toEqual([]);
      for (const job of ['fenced', 'singleton']) {
        expect(tokens(cloud, job)).toEqual(rising(tokens(cloud, job)));
      }
      expect(tokens(cloud, 'fenced').length).toBeGreaterThan(100);
      expect(
        cloud
          .alive()
          .some(({ id }) =>
            cloud.runs.some(
              ({ peer, job, end }) =>
                peer === id &&
                job === 'singleton' &&
                end > cloud.clock.monotonic() - 100,
            ),
          ),
      ).toBe(true);
    });
  },
);
