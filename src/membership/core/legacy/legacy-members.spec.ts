import { byAmount } from '../../../../test/support/amount.js';
import { idsOf, TestCloud, told } from '../testing-support/test-cloud.js';

const SEEDS = Array.from(
  { length: byAmount({ quick: 4, slow: 20, long: 20 }) },
  (_, index) => index + 1,
);

describe('legacy members', () => {
  it('are told of each newcomer exactly once, and of each end', async () => {
    const cloud = new TestCloud();
    const [a, b, c] = await cloud.cloud(['a', 'b', 'c']);
    const legacy = cloud.legacy('l');
    expect(await cloud.settle(legacy.join(a!.address))).toBe(true);
    await cloud.clock.run(5000);
    expect(legacy.ids).toEqual(['a', 'b', 'c']);

    cloud.peer('d', { seeds: [b!.address] });
    await cloud.clock.run(20_000);
    expect(legacy.ids).toEqual(['a', 'b', 'c', 'd']);

    await cloud.settle(c!.core.leave());
    expect(legacy.ids).toEqual(['a', 'b', 'd']);
    b!.process.crash();
    b!.core.stop();
    await cloud.until(() => !legacy.ids.includes('b'), 20_000);
    expect(legacy.ids).toEqual(['a', 'd']);
  });

  it('let one of ours in, which is known to all with its features', async () => {
    const cloud = new TestCloud();
    const [a] = await cloud.cloud(['a', 'b']);
    const legacy = cloud.legacy('l');
    await cloud.settle(legacy.join(a!.address));
    const c = cloud.peer('c', { seeds: [legacy.address] });
    await cloud.clock.run(20_000);
    expect(idsOf(c)).toEqual(['a', 'b', 'l']);
    expect(c.core.get('b')?.features).toEqual(a!.core.self.features);
    expect(a!.core.get('c')?.features).toEqual(a!.core.self.features);
    expect(legacy.ids).toEqual(['a', 'b', 'c']);
  });

  it('do not notice extensions: no property that is not theirs', async () => {
    const cloud = new TestCloud();
    const [a] = await cloud.cloud(['a', 'b']);
    const legacy = cloud.legacy('l');
    await cloud.settle(legacy.join(a!.address));
    cloud.peer('c', { seeds: [a!.address] });
    await cloud.clock.run(30_000);
    for (const { body, endpoint } of cloud.requests.filter(
      ({ to }) => to === 'l',
    )) {
      const known =
        endpoint === 'joined'
          ? ['id', 'ip', 'port', 'data']
          : endpoint === 'left'
            ? ['id']
            : [];
      expect(known).toEqual(expect.arrayContaining(Object.keys(body)));
    }
    for (const { id, ip, port, data, ...rest } of legacy.peers) {
      expect({ id, ip, port, data }).toEqual({
        id: expect.any(String),
        ip: expect.any(String),
        port: 9338,
        data: expect.any(Object),
      });
      expect(rest).toEqual({});
    }
  });

  it('that throw one of ours out are put right, without duplicates and without an event', async () => {
    const cloud = new TestCloud();
    const peers = await cloud.cloud(['a', 'b', 'c']);
    const legacy = cloud.legacy('l');
    await cloud.settle(legacy.join(peers[0]!.address));
    await cloud.clock.run(5000);
    const before = peers.map((peer) => told(peer).length);
    for (const victim of ['a', 'b', 'c']) {
      legacy.evict(victim);
      await cloud.until(() => legacy.ids.includes(victim), 20_000);
      await cloud.clock.run(15_000);
      expect(legacy.ids).toEqual(['a', 'b', 'c']);
    }
    expect(peers.map((peer) => told(peer).length)).toEqual(before);
    for (const peer of peers) {
      expect(idsOf(peer)).toHaveLength(3);
    }
  });

  it('that throw out the only one of ours let it in again', async () => {
    const cloud = new TestCloud();
    const a = cloud.peer('a');
    const legacy = cloud.legacy('l');
    await cloud.settle(legacy.join(a.address));
    legacy.evict('a');
    await cloud.until(() => legacy.ids.includes('a'), 300_000);
    await cloud.clock.run(120_000);
    expect(legacy.ids).toEqual(['a']);
  });

  it('that throw out another legacy member list it again, once', async () => {
    const cloud = new TestCloud();
    const [a] = await cloud.cloud(['a', 'b', 'c']);
    const [k, l] = [cloud.legacy('k'), cloud.legacy('l')];
    await cloud.settle(k.join(a!.address));
    await cloud.settle(l.join(a!.address));
    await cloud.clock.run(8000);
    k.evict('l');
    await cloud.until(() => k.ids.includes('l') && l.ids.includes('k'), 60_000);
    await cloud.clock.run(60_000);
    expect(k.ids).toEqual(['a', 'b', 'c', 'l']);
    expect(l.ids).toEqual(['a', 'b', 'c', 'k']);
  });

  it('are gone soon after they crash, and tell nobody', async () => {
    const cloud = new TestCloud();
    const [a, b] = await cloud.cloud(['a', 'b', 'c']);
    const legacy = cloud.legacy('l');
    await cloud.settle(legacy.join(a!.address));
    legacy.process.crash();
    await cloud.until(
      () => !idsOf(a!).includes('l') && !idsOf(b!).includes('l'),
      10_000,
    );
    expect(told(a!).at(-1)).toBe('peer.left l dead');
  });

  it('stay right in two clouds that meet, each with its own', async () => {
    const cloud = new TestCloud();
    const [a] = await cloud.cloud(['a', 'b', 'c']);
    const [x] = await cloud.cloud(['x', 'y', 'z']);
    const [k, l] = [cloud.legacy('k'), cloud.legacy('l')];
    await cloud.settle(k.join(a!.address));
    await cloud.settle(l.join(x!.address));
    await cloud.clock.run(10_000);
    expect(await cloud.settle(a!.core.join([x!.address]))).toBe(true);
    await cloud.clock.run(120_000);
    expect(k.ids).toEqual(['a', 'b', 'c', 'l', 'x', 'y', 'z']);
    expect(l.ids).toEqual(['a', 'b', 'c', 'k', 'x', 'y', 'z']);
    expect(idsOf(a!)).toEqual(['b', 'c', 'k', 'l', 'x', 'y', 'z']);
  });

  it.each(SEEDS)(
    'that check and lose packets now and then stay members, and list everybody once (seed %i)',
    async (seed) => {
      const cloud = new TestCloud(seed);
      const [a, b] = await cloud.cloud(['a', 'b', 'c', 'd']);
      const [k, l] = [
        cloud.legacy('k', { checks: true }),
        cloud.legacy('l', { checks: true }),
      ];
      for (const peer of [k, l]) {
        await cloud.settle(peer.join(a!.address));
      }
      cloud.network.loss = 0.1;
      await cloud.clock.run(300_000);
      cloud.network.loss = 0;
      await cloud.clock.run(300_000);
      expect(k.ids).toEqual(['a', 'b', 'c', 'd', 'l']);
      expect(l.ids).toEqual(['a', 'b', 'c', 'd', 'k']);
      expect(idsOf(b!)).toEqual(['a', 'c', 'd', 'k', 'l']);
    },
  );
});
