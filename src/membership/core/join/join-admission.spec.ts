import { resolveLimitOptions } from '../../../options/limits.options.js';
import { never } from '../testing-support/checked-cloud.js';
import { idsOf, TestCloud } from '../testing-support/test-cloud.js';

describe('JoinAdmission', () => {
  it('tells of a joiner once, however many of its requests come at once', async () => {
    const cloud = new TestCloud();
    const a = cloud.peer('a', { ticks: false });
    await cloud.clock.complete(cloud.fake('witness').join(a.address));
    const x = cloud.fake('x');
    const joins = Array.from({ length: 5 }, () => x.join(a.address));
    const answers = await cloud.clock.complete(Promise.all(joins));
    expect(answers.every(({ status }) => status === 'joined')).toBe(true);
    expect(cloud.to('witness', 'joined')).toHaveLength(1);
    expect(idsOf(a)).toEqual(['witness', 'x']);
  });

  it('lets legacy members list a member once that it did not know', async () => {
    const cloud = new TestCloud();
    const a = cloud.peer('a', { ticks: false });
    await cloud.clock.complete(cloud.fake('witness').join(a.address));
    const x = cloud.fake('x', { status: { joined: true } });
    await cloud.clock.complete(x.join(a.address));
    expect(
      cloud.requests
        .filter(({ to, body }) => to === 'witness' && body.id === 'x')
        .map(({ endpoint }) => endpoint),
    ).toEqual(['left', 'joined']);
  });

  it('names as many members as the answer has room for, and leaves the rest to /sync', async () => {
    const cloud = new TestCloud();
    const limits = resolveLimitOptions({ maxAnswerBytes: 20_000 }, 'limits');
    const options = { limits };
    const a = cloud.peer('a', { ticks: false, options });
    for (let n = 0; n < 6; n++) {
      await cloud.settle(cloud.fake(`met${n}`).join(a.address));
    }
    const data = { text: 'x'.repeat(4000) };
    const members = Array.from({ length: 6 }, (_, n) => ({
      id: `named${n}`,
      ip: '10.6.0.1',
      port: 1000 + n,
      data,
      incarnation: 1,
      state: 'alive',
    }));
    await a.core.receiveSync({ members }, a.core.get('met0')!);
    expect(idsOf(a)).toHaveLength(12);
    const joiner = cloud.fake('joiner');
    const answer = await cloud.settle(joiner.join(a.address));
    expect(JSON.stringify(answer).length).toBeLessThan(20_000);
    const named = (answer.peers as { id: string }[]).map(({ id }) => id);
    expect(named.slice(0, 6)).toEqual(
      idsOf(a).filter((id) => id.startsWith('met')),
    );
    expect(named.length).toBeGreaterThan(8);
    expect(named.length).toBeLessThan(12);

    const b = cloud.peer('b', { seeds: [a.address], options });
    await cloud.until(() => idsOf(b).length === 13, 120_000);
  });

  it('tells a legacy member of one that it may list only after it has forgotten it', async () => {
    const cloud = new TestCloud();
    const a = cloud.peer('a', { ticks: false });
    const witness = cloud.fake('witness', {
      answer: (endpoint) => (endpoint === 'left' ? never : undefined),
    });
    await cloud.clock.complete(witness.join(a.address));
    const x = cloud.fake('x', { status: { joined: true } });
    await cloud.clock.complete(x.join(a.address));
    await cloud.clock.run(5000);
    expect(cloud.to('witness', 'left')).toHaveLength(1);
    expect(cloud.to('witness', 'joined')).toEqual([]);
  });
});
