import { byRank } from '../testing-support/by-rank.js';
import { never } from '../testing-support/checked-cloud.js';
import type { LegacyPeer } from '../testing-support/legacy-peer.js';
import { TestCloud, idsOf } from '../testing-support/test-cloud.js';

/** Longest that a list stays wrong where somebody sees to it, and does not wait for an audit. */
const SOON = 15_000;

async function mixed(ours: readonly string[], legacyIds: readonly string[]) {
  const cloud = new TestCloud();
  const peers = await cloud.cloud(ours);
  const legacy = legacyIds.map((id) => cloud.legacy(id));
  for (const peer of legacy) {
    await cloud.settle(peer.join(peers[0]!.address));
  }
  await cloud.clock.run(8000);
  const all = [...ours, ...legacyIds].sort();
  const isRight = ({ id, ids }: LegacyPeer) =>
    ids.join() === all.filter((other) => other !== id).join();
  expect(legacy.every(isRight)).toBe(true);
  return { cloud, peers, legacy, isRight };
}

/** Ways in which a member has got lost on lists that are not ours to compare. */
describe('LegacyIntroductions', () => {
  it.each([
    { ours: ['a'], others: ['k'] },
    { ours: ['a'], others: ['k', 'l'] },
    { ours: ['a'], others: ['k', 'l', 'm'] },
    { ours: ['a', 'b'], others: ['k', 'l'] },
    { ours: ['a', 'b', 'c', 'd', 'e'], others: ['k', 'l', 'm'] },
  ])(
    'gets $ours back where a legacy member of $others has thrown all of them out',
    async ({ ours, others }) => {
      const { cloud, legacy, isRight } = await mixed(ours, others);
      const [first] = legacy;
      for (const id of ours) {
        first!.evict(id);
      }
      await cloud.until(() => legacy.every(isRight), 300_000);
      await cloud.clock.run(120_000);
      expect(legacy.filter((peer) => !isRight(peer))).toEqual([]);
    },
  );

  it('is listed once where another one told of it while it was introduced', async () => {
    const { cloud, legacy, isRight } = await mixed(['a', 'b', 'c'], ['k']);
    const [k] = legacy;
    const b = k!.peers.find(({ id }) => id === 'b')!;
    k!.peers = k!.peers.filter(({ id }) => id !== 'b');
    await cloud.until(() => k!.ids.includes('b'), 300_000);
    k!.peers.push({ ...b });
    await cloud.until(() => isRight(k!), SOON);
  });

  it('is listed once where another one told of it while it was let in', async () => {
    const { cloud, peers, legacy } = await mixed(['a', 'b'], ['k']);
    const [k] = legacy;
    const [c] = await cloud.cloud(['c', 'd']);
    expect(await cloud.settle(c!.core.join([peers[0]!.address]))).toBe(true);
    expect(k!.ids).toEqual(['a', 'b', 'c']);
    k!.peers.push({ ...k!.peers.find(({ id }) => id === 'c')! });
    await cloud.until(() => k!.ids.join() === 'a,b,c,d', 60_000);
  });

  it('joins directly where the legacy member lists nobody, and puts back the others too', async () => {
    const { cloud, peers, legacy, isRight } = await mixed(
      ['a', 'b', 'c'],
      ['k', 'l'],
    );
    legacy[0]!.peers = [];
    await cloud.until(() => legacy.every(isRight), 300_000);
    await cloud.clock.run(120_000);
    expect(legacy.filter((peer) => !isRight(peer))).toEqual([]);
    expect(cloud.to('k', 'join').length).toBeGreaterThan(0);
    for (const peer of peers) {
      expect(idsOf(peer)).toHaveLength(4);
    }
  });

  it('does not join directly where somebody is left to introduce it', async () => {
    const { cloud, legacy, isRight } = await mixed(
      ['a', 'b', 'c', 'd', 'e', 'f'],
      ['k'],
    );
    const [k] = legacy;
    k!.peers = k!.peers.filter(({ id }) => id === 'd');
    await cloud.until(() => isRight(k!), 300_000);
    expect(cloud.to('k', 'join')).toEqual([]);
  });

  it('alone among legacy members that do not list each other, mends that too', async () => {
    const { cloud, legacy, isRight } = await mixed(['a'], ['k', 'l']);
    for (const peer of legacy) {
      peer.peers = [];
    }
    await cloud.until(() => legacy.every(isRight), 600_000);
    await cloud.clock.run(120_000);
    expect(legacy.filter((peer) => !isRight(peer))).toEqual([]);
  });

  it('is not listed twice by a legacy member that still listed it', async () => {
    const { cloud, legacy, isRight } = await mixed(['a'], ['k', 'l']);
    const [k, l] = legacy;
    k!.peers = k!.peers.filter(({ id }) => id !== 'a');
    expect(l!.ids).toEqual(['a', 'k']);
    await cloud.until(() => isRight(k!), 300_000);
    await cloud.clock.run(60_000);
    expect(cloud.to('k', 'join')).toHaveLength(1);
    expect(legacy.filter((peer) => !isRight(peer))).toEqual([]);
  });

  it('does not join directly while a legacy member may list it that would be told', async () => {
    const cloud = new TestCloud();
    const [a] = await cloud.cloud(['a']);
    const k = cloud.legacy('k');
    await cloud.settle(k.join(a!.address));
    let isMute = true;
    const l = cloud.fake('l', {
      answer: (endpoint) => (isMute && endpoint === 'left' ? never : undefined),
    });
    await cloud.settle(l.join(a!.address));
    k.peers = k.peers.filter(({ id }) => id !== 'a');
    const asked = () => cloud.to('l', 'left').map(({ body }) => body.id);
    await cloud.until(() => asked().includes('a'), 300_000);
    await cloud.clock.run(60_000);
    expect(cloud.to('k', 'join')).toEqual([]);
    isMute = false;
    await cloud.until(() => k.ids.includes('a'), 300_000);
  });

  it('has legacy members renewed where one has thrown out several unheard', async () => {
    const { cloud, peers, legacy, isRight } = await mixed(
      ['a', 'b', 'c', 'd'],
      ['k', 'l'],
    );
    const [k] = legacy;
    const [best] = byRank(peers, 'k');
    k!.peers = k!.peers.filter(
      ({ id }) => id !== 'l' && id !== best!.core.id && id !== 'a',
    );
    await cloud.until(() => isRight(k!), 300_000);
    expect(cloud.to('k', 'join')).toEqual([]);
  });
});

const INTERVAL = 30_000;

/** Some of us, and legacy members that list all. */
async function withLegacy(
  ids: readonly string[],
  originals: readonly string[],
) {
  const cloud = new TestCloud();
  const [first] = await cloud.cloud(ids);
  const legacy = originals.map((id) => cloud.legacy(id));
  for (const peer of legacy) {
    await cloud.settle(peer.join(first!.address));
  }
  /** How often a legacy member was asked, by an end that means nobody. */
  const asked = (legacyId: string) =>
    cloud
      .to(legacyId, 'left')
      .filter(({ body }) => ![...ids, ...originals].includes(body.id as string))
      .length;
  return { cloud, asked };
}

describe('LegacyAudits', () => {
  it('leave no legacy member out for longer than one and a half intervals', async () => {
    const originals = ['k', 'l', 'm'];
    const { cloud, asked } = await withLegacy(['a'], originals);
    await cloud.clock.run(INTERVAL);
    for (let times = 0; times < 20; times++) {
      const before = originals.map(asked);
      await cloud.clock.run(1.5 * INTERVAL + 3000);
      originals.forEach((id, index) =>
        expect(asked(id)).toBeGreaterThan(before[index]!),
      );
    }
    // Once in an interval, on the average.
    const total = asked('k') + asked('l') + asked('m');
    expect(total).toBeGreaterThan(75);
    expect(total).toBeLessThan(125);
  });

  it('do not come all at once where a legacy member is new', async () => {
    const { cloud, asked } = await withLegacy(
      ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'],
      ['k'],
    );
    await cloud.clock.run(2000);
    expect(asked('k')).toBeLessThanOrEqual(2);
    await cloud.clock.run(1.5 * INTERVAL);
    expect(asked('k')).toBeGreaterThanOrEqual(8);
  });
});
