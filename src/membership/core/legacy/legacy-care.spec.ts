import { byRank } from '../testing-support/by-rank.js';
import {
  idsOf,
  TestCloud,
  told,
  type TestPeer,
} from '../testing-support/test-cloud.js';

async function withLegacy(seed: number, ids: readonly string[]) {
  const cloud = new TestCloud(seed);
  const peers = await cloud.cloud(ids);
  const legacy = cloud.legacy('legacy');
  expect(await cloud.clock.complete(legacy.join(peers[0]!.address))).toBe(true);
  await cloud.clock.run(5000);
  expect(legacy.ids).toEqual([...ids].sort());
  return { cloud, peers, legacy };
}

function crash(peer: TestPeer): void {
  peer.process.crash();
  peer.core.stop();
}

const SEEDS = [1, 2, 3, 4, 5];

describe('LegacyCare', () => {
  it('tells a legacy member of a crash, alone, and once more when all is quiet', async () => {
    const { cloud, peers, legacy } = await withLegacy(1, ['a', 'b', 'c', 'd']);
    const ranked = byRank(peers, 'legacy');
    const victim = ranked[2]!;
    crash(victim);
    await cloud.until(() => !legacy.ids.includes(victim.core.id));
    await cloud.clock.run(5000);
    const notifications = cloud
      .to('legacy', 'left')
      .filter(({ body }) => body.id === victim.core.id);
    const responsible = ranked[0]!.core.id;
    expect(notifications.map(({ from }) => from)).toEqual([
      responsible,
      responsible,
    ]);
  });

  it.each([
    ['crash', 'its responsible peer', 0],
    ['crash', 'another one', 1],
    ['leave', 'its responsible peer', 0],
    ['leave', 'another one', 1],
  ] as const)(
    'tells a legacy newcomer of an end (%s) once where it joined through %s',
    async (how, _, through) => {
      const cloud = new TestCloud();
      const peers = await cloud.cloud(['a', 'b', 'c', 'd']);
      const ranked = byRank(peers, 'legacy');
      const victim = ranked[3]!;
      const legacy = cloud.legacy('legacy');
      await cloud.clock.complete(legacy.join(ranked[through]!.address));
      await cloud.clock.run(500);
      if (how === 'crash') {
        crash(victim);
        void ranked[0]!.core.check(victim.core.id);
      } else {
        void victim.core.leave();
      }
      await cloud.until(() => !legacy.ids.includes(victim.core.id), 4000);
      await cloud.clock.run(500);
      const told = cloud
        .to('legacy', 'left')
        .filter(({ body }) => body.id === victim.core.id);
      expect(told.map(({ from }) => from)).toEqual([
        how === 'leave' ? victim.core.id : ranked[0]!.core.id,
      ]);
    },
  );

  it('tells a legacy newcomer that the responsible peer does not know yet', async () => {
    const cloud = new TestCloud();
    const peers = await cloud.cloud(['a', 'b', 'c', 'd']);
    const [responsible, second, , victim] = byRank(peers, 'legacy');
    responsible!.process.stall();
    const legacy = cloud.legacy('legacy');
    await cloud.clock.complete(legacy.join(second!.address));
    crash(victim!);
    await cloud.clock.complete(second!.core.check(victim!.core.id));
    await cloud.until(() => !legacy.ids.includes(victim!.core.id), 1000);
  });

  it.each(['crash', 'leave'] as const)(
    'leaves no ghost where a /joined came after the /left (%s)',
    async (how) => {
      const { cloud, peers, legacy } = await withLegacy(1, ['a', 'b', 'c']);
      const victim = byRank(peers, 'legacy')[1]!;
      const { id } = victim.core;
      const entry = legacy.peers.find((peer) => peer.id === id)!;
      if (how === 'crash') {
        crash(victim);
      } else {
        void victim.core.leave();
      }
      await cloud.until(() => !legacy.ids.includes(id));
      legacy.peers.push(entry);
      await cloud.until(() => !legacy.ids.includes(id), 6000);
    },
  );

  it.each(SEEDS)(
    'leaves no ghosts when its responsible peers die with others (seed %i)',
    async (seed) => {
      const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
      const { cloud, peers, legacy } = await withLegacy(seed, ids);
      const ranked = byRank(peers, 'legacy');
      // The two best suited, and some of those that they would have told of.
      const victims = [ranked[0]!, ranked[1]!, ranked[4]!, ranked[6]!];
      victims.forEach(crash);
      const survivors = ids.filter(
        (id) => !victims.some(({ core }) => core.id === id),
      );
      const alive = peers.filter((peer) => !victims.includes(peer));
      await cloud.until(() =>
        alive.every((peer) => idsOf(peer).length === survivors.length),
      );
      // Long before any audit could find it out.
      await cloud.clock.run(1000);
      expect(legacy.ids).toEqual(survivors);
    },
  );

  it('takes over in whatever order the ends become known', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const { cloud, peers, legacy } = await withLegacy(7, ids);
    const [first, second, heir, other] = byRank(peers, 'legacy');
    const dead = [other!, first!, second!];
    for (const victim of dead) {
      crash(victim);
    }
    for (const victim of dead) {
      await cloud.clock.complete(heir!.core.check(victim.core.id));
      await cloud.clock.run(10);
    }
    await cloud.clock.run(100);
    expect(legacy.ids).toEqual(
      ids.filter((id) => !dead.some(({ core }) => core.id === id)),
    );
  });

  it('does not repeat what is long past', async () => {
    const ids = ['a', 'b', 'c', 'd'];
    const { cloud, peers, legacy } = await withLegacy(3, ids);
    const [first, , early] = byRank(peers, 'legacy');
    crash(early!);
    await cloud.until(() => !legacy.ids.includes(early!.core.id));
    await cloud.clock.run(130_000);
    const before = cloud.to('legacy', 'left').length;
    crash(first!);
    await cloud.until(() => !legacy.ids.includes(first!.core.id));
    await cloud.clock.run(2000);
    const since = cloud.to('legacy', 'left').slice(before);
    expect(since.map(({ body }) => body.id)).not.toContain(early!.core.id);
  });

  it('notices that a legacy member does not list it, and is introduced', async () => {
    const { cloud, peers, legacy } = await withLegacy(1, ['a', 'b', 'c']);
    legacy.peers = legacy.peers.filter(({ id }) => id !== 'b');
    await cloud.until(() => legacy.ids.includes('b'), 180_000);
    await cloud.clock.run(60_000);
    expect(legacy.ids).toEqual(['a', 'b', 'c']);
    for (const peer of peers) {
      expect(told(peer).join()).not.toContain('left');
    }
  });

  it('notices it too where nobody else could introduce it', async () => {
    const { cloud, legacy } = await withLegacy(1, ['a']);
    legacy.peers = [];
    await cloud.until(() => legacy.ids.includes('a'), 180_000);
    await cloud.clock.run(60_000);
    expect(legacy.ids).toEqual(['a']);
  });

  it.each(SEEDS)(
    'gets back in who was evicted by a legacy member, once (seed %i)',
    async (seed) => {
      const { cloud, peers, legacy } = await withLegacy(seed, ['a', 'b', 'c']);
      legacy.evict('b');
      await cloud.clock.run(10);
      await cloud.until(() => legacy.ids.includes('b'), 120_000);
      await cloud.clock.run(120_000);
      expect(legacy.ids).toEqual(['a', 'b', 'c']);
      expect(idsOf(peers[0]!)).toEqual(['b', 'c', 'legacy']);
      expect(idsOf(peers[1]!)).toEqual(['a', 'c', 'legacy']);
      for (const peer of peers) {
        expect(told(peer).join()).not.toContain('left');
      }
    },
  );

  it('gets back into the lists of all legacy members', async () => {
    const { cloud, peers, legacy } = await withLegacy(2, ['a', 'b', 'c']);
    const other = cloud.legacy('other');
    await cloud.clock.complete(other.join(peers[1]!.address));
    await cloud.clock.run(2000);
    expect(legacy.ids).toEqual(['a', 'b', 'c', 'other']);
    legacy.evict('b');
    await cloud.clock.run(10);
    expect(other.ids).toEqual(['a', 'c', 'legacy']);
    await cloud.clock.run(180_000);
    expect(legacy.ids).toEqual(['a', 'b', 'c', 'other']);
    expect(other.ids).toEqual(['a', 'b', 'c', 'legacy']);
  });

  it('notices the crash of a legacy member, and tells the other legacy members', async () => {
    const { cloud, peers, legacy } = await withLegacy(1, ['a', 'b', 'c']);
    const other = cloud.legacy('other');
    await cloud.clock.complete(other.join(peers[1]!.address));
    await cloud.clock.run(2000);
    legacy.process.crash();
    await cloud.until(() =>
      peers.every((peer) => !idsOf(peer).includes('legacy')),
    );
    await cloud.until(() => !other.ids.includes('legacy'));
    for (const peer of peers) {
      expect(told(peer).filter((event) => event.includes('left'))).toEqual([
        'peer.left legacy dead',
      ]);
    }
  });
});
