import { never } from './testing-support/checked-cloud.js';
import { idsOf, TestCloud } from './testing-support/test-cloud.js';

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
