import { byRank } from '../testing-support/by-rank.js';
import type { LegacyPeer } from '../testing-support/legacy-peer.js';
import { TestCloud } from '../testing-support/test-cloud.js';

const INTERVAL = 30_000;

/** Some of us, and three legacy members that list all. */
async function withThree(ids = ['a', 'b', 'c']) {
  const cloud = new TestCloud();
  const peers = await cloud.cloud(ids);
  const originals = ['k', 'l', 'm'].map((id) => cloud.legacy(id));
  for (const legacy of originals) {
    await cloud.settle(legacy.join(peers[0]!.address));
  }
  await cloud.clock.run(8000);
  const [k, l, m] = originals as [LegacyPeer, LegacyPeer, LegacyPeer];
  cloud.requests.length = 0;
  return { cloud, peers, k, l, m };
}

/** Requests to legacy members that tell them of other legacy members. */
function notifications(cloud: TestCloud) {
  const isLegacy = (id: unknown) => ['k', 'l', 'm'].includes(id as string);
  return cloud.requests.filter(
    ({ to, body }) => isLegacy(to) && isLegacy(body.id),
  );
}

describe('LegacyRounds', () => {
  it('brings back what a legacy member threw out without a word', async () => {
    const { cloud, k } = await withThree();
    k.peers = k.peers.filter(({ id }) => id !== 'm');
    await cloud.until(() => k.ids.includes('m'), 3 * INTERVAL);
    expect(k.ids).toEqual(['a', 'b', 'c', 'l', 'm']);
  });

  it('ends what a legacy member lists twice', async () => {
    const { cloud, l } = await withThree();
    l.peers.push({ ...l.peers.find(({ id }) => id === 'k')! });
    await cloud.until(() => l.ids.join() === 'a,b,c,k,m', 3 * INTERVAL);
  });

  it('notifies every legacy member of every other one, by its responsible peer alone', async () => {
    const { cloud, peers, k, l, m } = await withThree();
    await cloud.clock.run(4 * INTERVAL);
    const told = notifications(cloud).map(({ from, to, body }) => {
      const responsible = byRank(peers, to)[0]!.core.id;
      expect(from).toBe(responsible);
      return `${to} ${body.id as string}`;
    });
    const pairs = ['k l', 'k m', 'l k', 'l m', 'm k', 'm l'];
    expect([...new Set(told)].sort()).toEqual(pairs);
    expect(k.ids).toEqual(['a', 'b', 'c', 'l', 'm']);
    expect(l.ids).toEqual(['a', 'b', 'c', 'k', 'm']);
    expect(m.ids).toEqual(['a', 'b', 'c', 'k', 'l']);
  });

  it('notifies each legacy member of one in an interval, and one at a time', async () => {
    const { cloud } = await withThree(['a']);
    await cloud.clock.run(INTERVAL);
    cloud.requests.length = 0;
    for (let second = 0; second < 300; second++) {
      const before = notifications(cloud).length;
      await cloud.clock.run(1000);
      expect(notifications(cloud).length - before).toBeLessThanOrEqual(2);
    }
    // Ten intervals, three legacy members, `/left` and `/joined` each.
    expect(notifications(cloud).length).toBeGreaterThanOrEqual(50);
    expect(notifications(cloud).length).toBeLessThanOrEqual(60);
  });

  it('lets a list be without an entry for no longer than one exchange takes', async () => {
    const { cloud, k } = await withThree();
    let without = 0;
    for (let ms = 0; ms < 4 * INTERVAL; ms++) {
      await cloud.clock.run(1);
      if (k.ids.length < 5) {
        without++;
      }
    }
    // Two ms for each of at most five renewals on this network.
    expect(without).toBeLessThanOrEqual(10);
  });
});
