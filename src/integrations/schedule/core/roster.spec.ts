import { VirtualCloud } from '../testing-support/virtual-cloud.js';

const JOB = { name: 'report', every: 60_000 };

describe('who takes part', () => {
  let cloud: VirtualCloud;

  const owners = async (): Promise<Set<string | undefined>> => {
    const reports = cloud
      .alive()
      .map(async ({ scheduler }) => (await scheduler.report())[0]!.owner);
    return new Set(await cloud.clock.complete(Promise.all(reports)));
  };

  beforeEach(async () => {
    cloud = new VirtualCloud([JOB]);
    await cloud.startMany(10);
  });

  it('agrees on the owner of a job', async () => {
    expect((await owners()).size).toBe(1);
  });

  it('agrees again after each join, goodbye and death', async () => {
    for (let change = 0; change < 30; change++) {
      const [first] = cloud.peers.keys();
      if (change % 3 === 0) {
        cloud.start();
      } else if (change % 3 === 1) {
        await cloud.clock.complete(cloud.leave(first!));
      } else {
        cloud.kill(first!);
        cloud.start();
      }
      await cloud.clock.run(5_000);
      expect((await owners()).size).toBe(1);
    }
  });

  it('agrees although a third of the messages are lost', async () => {
    cloud.loss = 0.33;
    for (let more = 0; more < 10; more++) {
      cloud.start();
    }
    await cloud.clock.run(30_000);
    cloud.loss = 0;
    expect((await owners()).size).toBe(1);
  });

  it('counts nobody who says goodbye, from that moment', async () => {
    const [owner] = await owners();
    const left = cloud.leave(owner!);
    await cloud.clock.run(20);
    expect((await owners()).has(owner)).toBe(false);
    await cloud.clock.complete(left);
  });

  it('puts up with garbage', async () => {
    const [one] = cloud.alive();
    const garbage = [
      undefined,
      null,
      1,
      'hello',
      [],
      {},
      { ask: 'hello' },
      { ask: 'hello', isReady: 1, jobs: [], holds: [], missing: [] },
      { ask: 'hello', isReady: true, jobs: [1], holds: [], missing: [] },
      { ask: 'claim', job: 'report' },
      { ask: 'claim', job: 'report', occurrence: -1 },
      { ask: 'claim', job: 'report', occurrence: '1' },
      { ask: 'claim', job: 'none', occurrence: 1 },
      { ask: 'finished', job: 'report', occurrence: 1, result: 1 },
      { ask: 'seize', job: 'none', term: 1 },
      { ask: 'hold', job: 'report' },
      { ask: 'report', jobs: 'report' },
      { ask: 'something new' },
    ];
    for (const body of garbage) {
      expect(one!.scheduler.answer('somebody', body)).toEqual({});
    }
    expect((await owners()).size).toBe(1);
  });

  it('keeps a bounded memory of what a peer speaks of', async () => {
    const [one] = cloud.alive();
    for (let occurrence = 0; occurrence < 10_000; occurrence++) {
      one!.scheduler.answer('somebody', {
        ask: 'claim',
        job: 'report',
        occurrence,
      });
    }
    const [report] = await cloud.clock.complete(one!.scheduler.report());
    expect(report!.runs.length).toBeLessThanOrEqual(64);
  });
});
