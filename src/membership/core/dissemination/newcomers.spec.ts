import { NEWCOMER_PERIOD } from '../options/membership.options.js';
import { never, OURS } from '../testing-support/checked-cloud.js';
import { TestCloud } from '../testing-support/test-cloud.js';

/** Members of which a legacy member was told, in this order. */
function joinsTo(cloud: TestCloud, legacyId: string): unknown[] {
  return cloud.to(legacyId, 'joined').map(({ body }) => body.id);
}

describe('Newcomers', () => {
  it.each([
    ['right after its join', 0, ['b']],
    ['long after', NEWCOMER_PERIOD, []],
  ])(
    'are told of the end of a member that did not know them, %s: %i ms',
    async (_, later, told) => {
      const cloud = new TestCloud();
      const [a] = await cloud.cloud(['a'], { ticks: false });
      const b = cloud.fake('b');
      await cloud.settle(b.join(a!.address, OURS));
      const newcomer = cloud.fake('n', { status: OURS });
      await cloud.settle(newcomer.join(a!.address, OURS));
      await cloud.clock.run(later);
      await cloud.settle(b.send(a!.address, 'left', { id: 'b' }));
      await cloud.clock.run(1000);
      expect(cloud.to('n', 'left').map(({ body }) => body.id)).toEqual(told);
    },
  );

  it.each([
    ['another member', 1],
    ['the same member', 0],
  ])(
    'that are legacy peers hear once of a joiner that comes through one that came after them, through %s',
    async (_, through) => {
      const cloud = new TestCloud();
      const members = await cloud.cloud(['a', 'b']);
      const k = cloud.legacy('k');
      await cloud.settle(k.join(members[0]!.address));
      const c = cloud.peer('c', { seeds: [members[through]!.address] });
      await cloud.clock.run(500);
      cloud.peer('d', { seeds: [c.address] });
      await cloud.clock.run(20_000);
      expect(joinsTo(cloud, 'k')).toEqual(['c', 'd']);
      expect(k.ids).toEqual(['a', 'b', 'c', 'd']);
    },
  );

  it('that are legacy peers list nobody twice where two tell them at the same moment', async () => {
    const cloud = new TestCloud();
    const [a] = await cloud.cloud(['a']);
    // It does not say that it knows the newcomer, so it may not tell it.
    const other = cloud.fake('other', {
      answer: (endpoint) => (endpoint === 'joined' ? never : undefined),
    });
    await cloud.settle(other.join(a!.address));
    const k = cloud.legacy('k');
    await cloud.settle(k.join(a!.address));
    const features = ['gossip'];
    const x = cloud.fake('x', { status: { features, incarnation: 5 } });
    const info = { id: 'x', ...x.address, data: {} };
    await cloud.settle(other.send(a!.address, 'joined', info));
    await cloud.until(() => k.ids.includes('x'), 1000);
    k.peers.push(info);
    expect(k.ids).toEqual(['a', 'other', 'x', 'x']);
    await cloud.until(() => k.ids.join() === 'a,other,x', 10_000);
  });
});
