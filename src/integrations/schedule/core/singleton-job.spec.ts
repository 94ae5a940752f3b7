import { VirtualCloud } from '../testing-support/virtual-cloud.js';
import type {
  VirtualJob,
  VirtualPeer,
} from '../testing-support/virtual-peer.js';

const JOB: VirtualJob = { name: 'consumer' };

describe('a job that runs on one peer at a time', () => {
  let cloud: VirtualCloud;

  const begin = async (
    count: number,
    job: Partial<VirtualJob> = {},
  ): Promise<void> => {
    cloud = new VirtualCloud([{ ...JOB, ...job }]);
    await cloud.startMany(count);
    await cloud.clock.run(2_000);
  };
  const running = () =>
    cloud.runs.filter(
      ({ peer, end }) =>
        cloud.peers.get(peer)?.isAlive && end > cloud.clock.monotonic() - 30,
    );
  const holder = (): VirtualPeer => {
    const [run, ...more] = running();
    expect(more).toEqual([]);
    return cloud.peer(run!.peer);
  };
  /** Most ms that nobody ran it, and that two ran it at once, from then on. */
  const between = (from: number) => {
    const runs = cloud.runs
      .filter(({ end }) => end > from)
      .toSorted((a, b) => a.start - b.start);
    let gap = 0;
    let overlap = 0;
    let end = runs[0]?.end ?? Infinity;
    for (const run of runs.slice(1)) {
      gap = Math.max(gap, run.start - end);
      overlap = Math.max(overlap, Math.min(end, run.end) - run.start);
      end = Math.max(end, run.end);
    }
    return { gap, overlap };
  };

  it.each([1, 2, 5, 20])('runs on one of %i', async (count) => {
    await begin(count);
    expect(running().length).toBe(1);
    await cloud.clock.run(60_000);
    expect(cloud.runs.length).toBe(1);
    expect(cloud.warnings).toEqual([]);
  });

  it.each([1, 2, 3, 4, 5])(
    'runs on one of five that settle at the same moment (seed %i)',
    async (seed) => {
      cloud = new VirtualCloud([JOB], seed);
      const peers = Array.from({ length: 5 }, () => cloud.start());
      // All know each other before the first of them would take part by itself.
      await cloud.clock.run(300);
      peers.forEach(({ scheduler }) => void scheduler.start());
      await cloud.clock.run(2_000);
      expect(cloud.runs.length).toBe(1);
    },
  );

  it('stays where it is when others join', async () => {
    await begin(3);
    const { id } = holder();
    await cloud.startMany(10);
    await cloud.clock.run(10_000);
    expect(holder().id).toBe(id);
    expect(cloud.runs.length).toBe(1);
  });

  it('is handed over before its holder leaves, and never runs twice, 50 times', async () => {
    await begin(5);
    for (let handover = 0; handover < 50; handover++) {
      await cloud.clock.complete(cloud.leave(holder().id));
      await cloud.clock.run(500);
      cloud.start();
      await cloud.clock.run(1_500);
    }
    expect(cloud.runs.length).toBe(51);
    const { gap, overlap } = between(0);
    expect(overlap).toBeLessThanOrEqual(0);
    expect(gap).toBeLessThan(500);
  });

  it('is taken over within 3 s of its holder’s death, and never runs twice, 20 times', async () => {
    await begin(5);
    for (let death = 0; death < 20; death++) {
      const lost = holder();
      cloud.kill(lost.id);
      cloud.start();
      await cloud.clock.run(6_000);
      expect(holder().events).toContainEqual({
        type: 'job.taken-over',
        job: JOB.name,
        from: lost.id,
      });
    }
    const { gap, overlap } = between(0);
    expect(overlap).toBeLessThanOrEqual(0);
    expect(gap).toBeLessThan(3_000);
  });

  it('begins within a second where three start at the same moment', async () => {
    cloud = new VirtualCloud([JOB]);
    await cloud.startMany(3);
    expect(running().length).toBe(1);
  });

  it('runs on those who have it alone', async () => {
    cloud = new VirtualCloud([JOB]);
    for (let other = 0; other < 4; other++) {
      cloud.start({ jobs: [] });
    }
    const able = [cloud.start().id, cloud.start().id];
    await cloud.settled();
    await cloud.clock.run(2_000);
    const { id } = holder();
    await cloud.clock.complete(cloud.leave(id));
    await cloud.clock.run(2_000);
    expect([id, holder().id].sort()).toEqual(able.sort());
    cloud.kill(holder().id);
    await cloud.clock.run(10_000);
    expect(running()).toEqual([]);
  });

  it.each([
    [2, 1],
    [5, 2],
    [6, 3],
  ])(
    'is taken over by one of %i when its holder and those after it die at once, %i in all',
    async (count, deaths) => {
      await begin(count);
      const { id } = holder();
      const next = cloud
        .rank(JOB.name, (peer) => cloud.peers.has(peer) && peer !== id)
        .slice(0, deaths - 1);
      [id, ...next].forEach((peer) => cloud.kill(peer));
      await cloud.clock.run(6_000);
      expect(holder().isAlive).toBe(true);
      expect(cloud.runs.length).toBe(2);
      const { gap, overlap } = between(0);
      expect(overlap).toBeLessThanOrEqual(0);
      expect(gap).toBeLessThan(3_000 + deaths * 1_000);
    },
  );

  it('is handed over until nobody is left', async () => {
    await begin(3);
    for (let left = 1; left <= 3; left++) {
      await cloud.clock.complete(cloud.leave(holder().id));
      await cloud.clock.run(1_000);
      expect(cloud.runs.length).toBe(Math.min(left + 1, 3));
    }
    expect(running()).toEqual([]);
    expect(between(0).overlap).toBeLessThanOrEqual(0);
  });

  it('begins nowhere before the old one has ended, though those after it leave as well', async () => {
    await begin(5, { isDeaf: true });
    const { id } = holder();
    const next = cloud.rank(
      JOB.name,
      (peer) => cloud.peers.has(peer) && peer !== id,
    );
    void cloud.leave(id);
    await Promise.all(
      next.slice(0, 2).map((peer) => cloud.clock.complete(cloud.leave(peer))),
    );
    await cloud.clock.run(9_000);
    expect(running().map(({ peer }) => peer)).toEqual([id]);
    cloud.kill(id);
    await cloud.clock.run(5_000);
    expect(next.slice(2)).toContain(holder().id);
  });

  it('goes to a newcomer where the only other one dies during the handover', async () => {
    await begin(2);
    const { id } = holder();
    const other = cloud.alive().find((peer) => peer.id !== id)!;
    const left = cloud.leave(id);
    cloud.kill(other.id);
    const newcomer = cloud.start();
    await cloud.clock.complete(left);
    await cloud.clock.run(5_000);
    expect(holder().id).toBe(newcomer.id);
    expect(between(0).overlap).toBeLessThanOrEqual(0);
  });

  it('waits for a method that takes its time to end', async () => {
    await begin(3, { isDeaf: true });
    const { id } = holder();
    const left = cloud.leave(id);
    await cloud.clock.run(9_000);
    expect(running().map(({ peer }) => peer)).toEqual([id]);
    expect(cloud.warnings).toEqual([]);
    await cloud.clock.run(2_000);
    expect(cloud.warnings).toEqual(['consumer does not end']);
    expect(running().map(({ peer }) => peer)).toEqual([id]);
    cloud.kill(id);
    await cloud.clock.run(5_000);
    expect(holder().id).not.toBe(id);
    void left;
  });

  it('leaves without it when there is no more time', async () => {
    await begin(2, { isDeaf: true });
    const hurry = new AbortController();
    const left = holder().scheduler.end(hurry.signal);
    await cloud.clock.run(1_000);
    hurry.abort();
    await cloud.clock.complete(left);
  });

  it('stays with a holder that stands still for a moment', async () => {
    await begin(3);
    const { id } = holder();
    cloud.stall(id, 4_000);
    await cloud.clock.run(10_000);
    expect(holder().id).toBe(id);
    expect(cloud.runs.length).toBe(1);
  });

  it('is taken over from a holder that stands still for long, which ends it when it wakes', async () => {
    await begin(3);
    const { id } = holder();
    cloud.stall(id, 20_000);
    await cloud.clock.run(19_000);
    expect(cloud.runs.length).toBe(2);
    const woken = cloud.clock.monotonic() + 1_000;
    await cloud.clock.run(2_000);
    expect(holder().id).not.toBe(id);
    expect(cloud.runs[0]!.end - woken).toBeLessThan(500);
  });

  it('runs on each side of a cloud that is parted, and on one once it is whole', async () => {
    await begin(5);
    const ids = cloud.alive().map(({ id }) => id);
    const heal = cloud.part(ids.slice(0, 2), ids.slice(2));
    await cloud.clock.run(20_000);
    expect(running().length).toBe(2);
    heal();
    await cloud.clock.run(5_000);
    expect(running().length).toBe(1);
  });

  it('ends in the minority if it is to skip there', async () => {
    await begin(5, { onMinority: 'skip' });
    const ids = cloud.alive().map(({ id }) => id);
    const { id } = holder();
    const small = [id, ids.find((other) => other !== id)!];
    const heal = cloud.part(
      small,
      ids.filter((other) => !small.includes(other)),
    );
    await cloud.clock.run(20_000);
    expect(small).not.toContain(holder().id);
    expect(between(0).overlap).toBeLessThanOrEqual(0);
    heal();
    await cloud.clock.run(10_000);
    expect(running().length).toBe(1);
  });

  it('waits for as many peers as it needs, and ends with fewer', async () => {
    await begin(2, { minPeers: 3 });
    expect(cloud.runs).toEqual([]);
    await cloud.startMany(1);
    await cloud.clock.run(2_000);
    const { id } = holder();
    cloud.kill(cloud.alive().find((peer) => peer.id !== id)!.id);
    await cloud.clock.run(5_000);
    expect(running()).toEqual([]);
  });

  it('is called again later and later if it throws', async () => {
    await begin(2, { throws: new Error('why') });
    await cloud.clock.run(300_000);
    const pauses = cloud.runs
      .slice(1)
      .map(({ start }, at) => Math.round((start - cloud.runs[at]!.end) / 1000));
    expect(pauses.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    expect(new Set(cloud.runs.map(({ peer }) => peer)).size).toBe(1);
  });

  it('runs once although two start at the same moment whose lists differ', async () => {
    cloud = new VirtualCloud([JOB]);
    await cloud.startMany(10);
    await cloud.clock.run(3_000);
    expect(running().length).toBe(1);
    expect(between(0).overlap).toBeLessThanOrEqual(0);
  });

  it('runs once although a tenth of the messages are lost', async () => {
    await begin(5);
    cloud.loss = 0.1;
    await cloud.clock.run(120_000);
    expect(cloud.runs.length).toBe(1);
  });

  it('tells who holds it', async () => {
    await begin(8);
    for (const peer of cloud.alive()) {
      const [report] = await cloud.clock.complete(peer.scheduler.report());
      expect(report!.holder).toBe(holder().id);
    }
  });

  describe('with a fence', () => {
    it('is handed over at once', async () => {
      await begin(3, { isFenced: true });
      for (let handover = 0; handover < 10; handover++) {
        await cloud.clock.complete(cloud.leave(holder().id));
        cloud.start();
        await cloud.clock.run(3_000);
      }
      const { gap, overlap } = between(0);
      expect(overlap).toBeLessThanOrEqual(0);
      expect(gap).toBeLessThan(1_500);
    });

    it('does not begin while somebody else has the lease, and does once it is given back', async () => {
      cloud = new VirtualCloud([{ ...JOB, isFenced: true }]);
      const first = cloud.start();
      const lease = await cloud.clock.complete(
        cloud.fence.acquire(first, JOB.name, { owner: 'it', ttl: 5_000 }),
      );
      await cloud.startMany(2);
      await cloud.clock.run(30_000);
      expect(cloud.runs).toEqual([]);
      await cloud.clock.complete(lease!.release());
      await cloud.clock.run(2_000);
      expect(running().length).toBe(1);
    });

    it('is taken over from a dead holder, once its lease is over', async () => {
      await begin(3, { isFenced: true });
      cloud.kill(holder().id);
      await cloud.clock.run(10_000);
      expect(running().length).toBe(1);
      const { gap } = between(0);
      expect(gap).toBeGreaterThan(4_000);
      expect(gap).toBeLessThan(7_000);
    });

    it('has one run by its tokens, through kills and stalls', async () => {
      await begin(5, { isFenced: true });
      for (let round = 0; round < 10; round++) {
        const { id } = holder();
        if (round % 2) {
          cloud.kill(id);
          cloud.start();
        } else {
          cloud.stall(id, 20_000);
        }
        await cloud.clock.run(30_000);
      }
      const tokens = cloud.runs.map(({ token }) => token!);
      expect(tokens).toEqual(
        [...new Set(tokens)].sort((a, b) => (a < b ? -1 : 1)),
      );
    });

    it('runs on one side of a cloud that is parted', async () => {
      await begin(5, { isFenced: true });
      const ids = cloud.alive().map(({ id }) => id);
      cloud.part(ids.slice(0, 2), ids.slice(2));
      await cloud.clock.run(30_000);
      expect(running().length).toBe(1);
    });

    it('moves to a peer that reaches the fence', async () => {
      await begin(3, { isFenced: true });
      const { id } = holder();
      cloud.links.part([id], [cloud.fence.host]);
      await cloud.clock.run(20_000);
      expect(holder().id).not.toBe(id);
      expect(between(0).overlap).toBeLessThanOrEqual(0);
    });

    it('ends while nobody reaches the fence, and goes on afterwards', async () => {
      await begin(3, { isFenced: true });
      cloud.fence.isDown = true;
      await cloud.clock.run(20_000);
      expect(running()).toEqual([]);
      cloud.fence.isDown = false;
      await cloud.clock.run(10_000);
      expect(running().length).toBe(1);
    });
  });
});
