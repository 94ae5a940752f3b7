import { VirtualCloud } from '../testing-support/virtual-cloud.js';
import type {
  VirtualJob,
  VirtualPeer,
} from '../testing-support/virtual-peer.js';

const SECOND = 1_000;
const JOB: VirtualJob = { name: 'report', every: SECOND };
/** What is still being decided when a scenario ends. */
const UNDECIDED = 4 * SECOND;

describe('a job that runs once for each occurrence', () => {
  let cloud: VirtualCloud;
  let from: number;

  const begin = async (
    count: number,
    job: Partial<VirtualJob> = {},
  ): Promise<void> => {
    cloud = new VirtualCloud([{ ...JOB, ...job }]);
    await cloud.startMany(count);
    from = cloud.clock.monotonic();
  };
  const ranked = (): VirtualPeer[] =>
    cloud
      .rank(JOB.name, (id) => cloud.peers.has(id))
      .map((id) => cloud.peer(id));
  const owner = (): VirtualPeer => ranked()[0]!;
  const verdict = () =>
    cloud.verdict(JOB.name, SECOND, from, cloud.clock.monotonic() - UNDECIDED);
  const delays = () =>
    cloud.runs
      .filter(({ start }) => start >= from)
      .map(({ start, occurrence }) => start - (occurrence - cloud.clock.start));
  const events = (type: Parameters<VirtualPeer['count']>[0]) =>
    cloud.alive().reduce((sum, peer) => sum + peer.count(type), 0);

  it.each([1, 2, 5, 20])('runs once with %i peers', async (count) => {
    await begin(count);
    await cloud.clock.run(60 * SECOND);
    expect(verdict()).toMatchObject({ lost: [], double: [], total: 56 });
    expect(new Set(cloud.runs.map(({ peer }) => peer)).size).toBe(1);
    expect(Math.max(...delays())).toBeLessThan(20);
    expect(events('job.taken-over')).toBe(0);
  });

  it('runs on nobody who is not settled', async () => {
    cloud = new VirtualCloud([JOB]);
    const settling = cloud.startMany(5);
    await cloud.clock.run(300);
    expect(cloud.runs).toEqual([]);
    await settling;
    await cloud.clock.run(10 * SECOND);
    expect(
      cloud.verdict(JOB.name, SECOND, 0, cloud.clock.monotonic() - SECOND)
        .double,
    ).toEqual([]);
  });

  it('loses at most one for each owner that is killed, and takes the next over within 3 s', async () => {
    await begin(5);
    for (let kills = 1; kills <= 20; kills++) {
      await cloud.clock.run(3_000 + ((kills * 137) % 1_000));
      cloud.kill(owner().id);
      cloud.start();
      await cloud.clock.run(6_000);
      const { lost, double } = verdict();
      expect(double).toEqual([]);
      expect(lost.length).toBeLessThanOrEqual(kills);
    }
    expect(Math.max(...delays())).toBeLessThan(3_000);
  });

  it('loses nothing and runs nothing twice while all are restarted, twice', async () => {
    await begin(5, { takes: 300 });
    for (let restart = 0; restart < 10; restart++) {
      const [oldest] = cloud.peers.keys();
      const left = cloud.leave(oldest!);
      await cloud.clock.complete(left);
      cloud.start();
      await cloud.clock.run(2_000 + ((restart * 211) % 1_000));
    }
    await cloud.clock.run(UNDECIDED);
    expect(verdict()).toMatchObject({ lost: [], double: [] });
    expect(events('job.taken-over')).toBe(0);
  });

  it('hands over only after the run that is under way', async () => {
    await begin(3, { takes: 2_500 });
    await cloud.clock.runUntil(() => cloud.runs.length > 0, {
      timeout: 5_000,
    });
    const { id } = owner();
    const left = cloud.leave(id);
    let hasLeft = false;
    void left.then(() => (hasLeft = true));
    await cloud.clock.run(1_000);
    expect(hasLeft).toBe(false);
    await cloud.clock.complete(left);
    expect(
      cloud.runs
        .filter(({ peer }) => peer === id)
        .every(({ start, end }) => end - start >= 2_500),
    ).toBe(true);
  });

  it('cuts a run short when there is no more time for a handover', async () => {
    await begin(1, { takes: 60_000 });
    await cloud.clock.run(2_000);
    const hurry = new AbortController();
    const left = owner().scheduler.end(hurry.signal);
    await cloud.clock.run(2_000);
    hurry.abort(new Error('no more time'));
    await cloud.clock.complete(left);
  });

  it('goes on without an owner that stands still, which runs nothing more when it wakes', async () => {
    await begin(5);
    await cloud.clock.run(5_500);
    const { id } = owner();
    cloud.stall(id, 20_000);
    await cloud.clock.run(40_000);
    expect(verdict()).toMatchObject({ lost: [], double: [] });
    expect(Math.max(...delays())).toBeLessThan(3_000);
  });

  it('is run by somebody else while its owner is blocked over a tick', async () => {
    await begin(3);
    for (let round = 0; round < 10; round++) {
      await cloud.clock.run(4_700);
      cloud.stall(owner().id, 2_000);
      await cloud.clock.run(5_300);
    }
    expect(verdict()).toMatchObject({ lost: [], double: [] });
    expect(events('job.taken-over')).toBeGreaterThanOrEqual(10);
  });

  it('is run by the owner if the next one stands still', async () => {
    await begin(2);
    cloud.stall(ranked()[1]!.id, 20_000);
    await cloud.clock.run(30_000);
    expect(verdict()).toMatchObject({ lost: [], double: [] });
  });

  it('runs once for each side of a cloud that is parted', async () => {
    await begin(5);
    const ids = ranked().map(({ id }) => id);
    const heal = cloud.part(ids.slice(0, 2), ids.slice(2));
    await cloud.clock.run(60_000);
    heal();
    const parted = verdict();
    expect(parted.lost).toEqual([]);
    expect(parted.double.length).toBeGreaterThan(40);
    await cloud.clock.run(5_000);
    from = cloud.clock.monotonic();
    await cloud.clock.run(20_000);
    expect(verdict()).toMatchObject({ lost: [], double: [] });
  });

  it.each([
    ['the owner is in the minority', 2],
    ['the owner is in the majority', 3],
  ])(
    'runs in the majority alone if it is to skip in a minority: %s',
    async (_case, first) => {
      await begin(5, { onMinority: 'skip' });
      const ids = ranked().map(({ id }) => id);
      const small = first === 2 ? ids.slice(0, 2) : ids.slice(3);
      const large = ids.filter((id) => !small.includes(id));
      cloud.part(small, large);
      // From the first moment: most of those who are asked have to answer.
      from = cloud.clock.monotonic() + 50;
      await cloud.clock.run(60_000);
      expect(verdict()).toMatchObject({ lost: [], double: [] });
      expect(
        cloud.runs.some(
          ({ peer, start }) => small.includes(peer) && start > from,
        ),
      ).toBe(false);
    },
  );

  it('is no minority for having been restarted often', async () => {
    await begin(4, { onMinority: 'skip' });
    for (let restart = 0; restart < 20; restart++) {
      const [oldest] = cloud.peers.keys();
      if (restart % 2) {
        cloud.kill(oldest!);
      } else {
        await cloud.clock.complete(cloud.leave(oldest!));
      }
      cloud.start();
      await cloud.clock.run(6_000);
    }
    from = cloud.clock.monotonic();
    await cloud.clock.run(20_000);
    expect(verdict()).toMatchObject({ lost: [], double: [] });
  });

  it('does not run with fewer peers than it needs', async () => {
    await begin(2, { minPeers: 3 });
    await cloud.clock.run(10_000);
    expect(cloud.runs).toEqual([]);
    expect(owner().events).toContainEqual(
      expect.objectContaining({
        type: 'job.skipped',
        reason: 'too-few-peers',
      }),
    );
    cloud.start();
    await cloud.settled();
    from = cloud.clock.monotonic();
    await cloud.clock.run(20_000);
    expect(verdict()).toMatchObject({ lost: [], double: [] });
  });

  it.each([-10_000, -1_500, -400, 400, 1_500, 10_000])(
    'runs once although a clock is off by %i ms, the owner’s or another',
    async (skew) => {
      for (let wrong = 0; wrong < 5; wrong++) {
        cloud = new VirtualCloud([JOB]);
        for (let at = 0; at < 5; at++) {
          cloud.start({ skew: at === wrong ? skew : 0 });
        }
        await cloud.settled();
        from = cloud.clock.monotonic() + Math.abs(skew);
        await cloud.clock.run(40_000);
        const to = cloud.clock.monotonic() - UNDECIDED - Math.abs(skew);
        expect(cloud.verdict(JOB.name, SECOND, from, to)).toMatchObject({
          lost: [],
          double: [],
        });
      }
    },
  );

  it('is owned by those who have it', async () => {
    cloud = new VirtualCloud([JOB]);
    cloud.start();
    for (let more = 0; more < 10; more++) {
      cloud.start({ jobs: [{ name: 'another', every: SECOND }] });
    }
    await cloud.settled();
    from = cloud.clock.monotonic();
    await cloud.clock.run(20_000);
    expect(verdict()).toMatchObject({ lost: [], double: [] });
    expect(events('job.taken-over')).toBe(0);
  });

  it('runs once although a tenth of the messages are lost', async () => {
    await begin(5);
    cloud.loss = 0.1;
    await cloud.clock.run(120_000);
    const { lost, double } = verdict();
    expect(lost).toEqual([]);
    expect(double.length).toBeLessThanOrEqual(2);
  });

  it('runs once although two do not reach each other', async () => {
    await begin(5);
    const [first, second] = ranked();
    cloud.links.cut([first!.id], [second!.id]);
    cloud.links.cut([second!.id], [first!.id]);
    await cloud.clock.run(30_000);
    expect(verdict()).toMatchObject({ lost: [], double: [] });
  });

  it('overlaps itself where its runs take longer than its pace', async () => {
    await begin(3, { takes: 2_500 });
    await cloud.clock.run(30_000);
    expect(verdict()).toMatchObject({ lost: [], double: [] });
  });

  it('starts no run before the one before is over, wherever that is, if it is to wait', async () => {
    await begin(3, { takes: 2_500, waitForCompletion: true });
    for (let round = 0; round < 5; round++) {
      await cloud.clock.run(10_000);
      const { id } = owner();
      await cloud.clock.complete(cloud.leave(id));
      cloud.start();
    }
    const runs = cloud.runs.toSorted((a, b) => a.start - b.start);
    expect(runs.length).toBeGreaterThan(12);
    runs.slice(1).forEach((run, at) => {
      expect(run.start).toBeGreaterThanOrEqual(runs[at]!.end);
    });
  });

  it('tells of a run that failed, and runs the next', async () => {
    const failure = new Error('why');
    await begin(2, { throws: failure });
    await cloud.clock.run(10_000);
    expect(verdict()).toMatchObject({ lost: [], double: [] });
    expect(owner().events).toContainEqual(
      expect.objectContaining({ type: 'job.finished', error: failure }),
    );
    const [report] = await cloud.clock.complete(
      ranked()[1]!.scheduler.report(),
    );
    expect(report).toMatchObject({ job: JOB.name, owner: owner().id });
    expect(report!.runs[1]).toMatchObject({
      by: owner().id,
      result: { error: 'Error: why' },
    });
  });

  it('reports what the owner knows where this peer is none of those who are told', async () => {
    await begin(20);
    await cloud.clock.run(10_000);
    for (const peer of ranked()) {
      const [report] = await cloud.clock.complete(peer.scheduler.report());
      expect(report!.owner).toBe(owner().id);
      expect(report!.runs.length).toBeGreaterThan(8);
    }
  });

  describe('with a fence', () => {
    const tokensRise = (): boolean =>
      cloud.runs.every(
        ({ token }, at) => at === 0 || token! > cloud.runs[at - 1]!.token!,
      );

    it('runs once, with tokens that rise', async () => {
      await begin(5, { isFenced: true });
      await cloud.clock.run(30_000);
      expect(verdict()).toMatchObject({ lost: [], double: [] });
      expect(tokensRise()).toBe(true);
    });

    it('runs once on a cloud that is parted', async () => {
      await begin(5, { isFenced: true });
      const ids = ranked().map(({ id }) => id);
      cloud.part(ids.slice(0, 2), ids.slice(2));
      await cloud.clock.run(60_000);
      expect(verdict()).toMatchObject({ lost: [], double: [] });
      expect(tokensRise()).toBe(true);
    });

    it.each([1, 2, 3, 4, 5, 6, 7, 8])(
      'runs once where the side of the owner is cut off from the fence and the others, seed %i',
      async (seed) => {
        cloud = new VirtualCloud(
          [{ ...JOB, isFenced: true, takes: 200 }],
          seed,
        );
        await cloud.startMany(5);
        from = cloud.clock.monotonic();
        const ids = ranked().map(({ id }) => id);
        const small = ids.slice(0, 2);
        await cloud.clock.run(3_000 + seed * 130);
        const heal = [
          cloud.part(small, ids.slice(2)),
          cloud.links.part(small, [cloud.fence.host]),
        ];
        await cloud.clock.run(60_000);
        heal.forEach((one) => one());
        await cloud.clock.run(20_000);
        const { lost, double } = verdict();
        expect(double).toEqual([]);
        // The one whose lease was on its way.
        expect(lost.length).toBeLessThanOrEqual(1);
        expect(tokensRise()).toBe(true);
      },
    );

    it('goes on where a side reaches the fence', async () => {
      await begin(5, { isFenced: true });
      const ids = ranked().map(({ id }) => id);
      cloud.links.part(ids.slice(0, 2), [cloud.fence.host]);
      await cloud.clock.run(30_000);
      expect(verdict()).toMatchObject({ lost: [], double: [] });
      expect(
        cloud.runs.some(({ peer, start }) => start > from && peer === ids[0]),
      ).toBe(false);
      expect(cloud.peer(ids[0]!).events).toContainEqual(
        expect.objectContaining({
          type: 'job.skipped',
          reason: 'fence-unreachable',
          error: expect.any(Error),
        }),
      );
    });

    it('does not run while nobody reaches the fence, and goes on afterwards', async () => {
      await begin(5, { isFenced: true });
      cloud.fence.isDown = true;
      await cloud.clock.run(20_000);
      const down = cloud.runs.filter(({ start }) => start > from + 10);
      expect(down).toEqual([]);
      cloud.fence.isDown = false;
      from = cloud.clock.monotonic() + 10_000;
      await cloud.clock.run(30_000);
      expect(verdict()).toMatchObject({ lost: [], double: [] });
    });

    it('waits for the lease of an owner that was killed in its run', async () => {
      await begin(5, { isFenced: true, takes: 500 });
      await cloud.clock.run(5_000);
      await cloud.clock.runUntil(
        () => cloud.runs.at(-1)!.end < cloud.clock.monotonic() - 100,
        { timeout: 2_000, every: 10 },
      );
      cloud.kill(owner().id);
      await cloud.clock.run(30_000);
      const { lost, double } = verdict();
      expect(double).toEqual([]);
      expect(lost.length).toBeLessThanOrEqual(1);
      expect(tokensRise()).toBe(true);
    });

    it('runs nothing twice when an owner wakes that stood still', async () => {
      await begin(5, { isFenced: true, takes: 100 });
      for (let round = 0; round < 5; round++) {
        await cloud.clock.run(5_000 + round * 230);
        cloud.stall(owner().id, 20_000);
        await cloud.clock.run(30_000);
      }
      expect(verdict().double).toEqual([]);
    });
  });
});
