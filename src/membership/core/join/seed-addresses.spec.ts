import { idsOf, TestCloud } from '../testing-support/test-cloud.js';

const NAME = { ip: 'cloud.example', port: 9338 };

/** Addresses of peers that are gone: nothing answers there. */
const stale = (count: number) =>
  Array.from({ length: count }, (_, n) => `10.9.${n >> 8}.${n & 255}`);

const PLACES = ['10.0.1.1', '10.0.1.2', '10.0.1.3', '10.0.1.4'];

/** A cloud of four, and a peer that finds it by a name with these addresses. */
async function newcomer(seed: number, addresses: () => string[]) {
  const cloud = new TestCloud(seed);
  const seeds = [{ ip: PLACES[0]!, port: 9338 }];
  for (const ip of PLACES) {
    cloud.peer(ip, { ip, seeds, ticks: false });
  }
  await cloud.clock.run(2000);
  cloud.requests.length = 0;
  const a = cloud.peer('a', {
    seeds: [NAME],
    ticks: false,
    env: { resolve: () => Promise.resolve(addresses()) },
  });
  const start = cloud.clock.monotonic();
  await cloud.settle(a.core.whenJoined());
  const ms = cloud.clock.monotonic() - start;
  const joins = cloud.requests.filter(
    ({ from, endpoint }) => from === 'a' && endpoint === 'join',
  );
  return { cloud, a, ms, joins };
}

describe('the addresses behind a name', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'let a peer in within 3 s where 200 of them are stale and 4 are right (seed %i)',
    async (seed) => {
      const { a, ms, joins } = await newcomer(seed, () => [
        ...stale(200),
        ...PLACES,
      ]);
      expect(idsOf(a)).toEqual(PLACES);
      expect(ms).toBeLessThan(3000);
      expect(joins).toHaveLength(1);
    },
  );

  it('are not asked who is there while the first of them answers', async () => {
    const { cloud, ms } = await newcomer(1, () => PLACES);
    expect(ms).toBeLessThan(100);
    await cloud.clock.run(5000);
    // The receiver of the join is asked, and nobody else, and nobody as a seed.
    const asked = cloud.requests.filter(
      ({ from, endpoint }) => from === 'a' && endpoint === 'status',
    );
    expect(asked).toHaveLength(1);
  });

  it('come last the next time if they have failed', async () => {
    const cloud = new TestCloud();
    const gone = stale(50);
    const b = cloud.peer('b', { ip: '10.0.1.1', ticks: false });
    const a = cloud.peer('a', {
      seeds: [NAME],
      ticks: false,
      env: { resolve: () => Promise.resolve([...gone, b.address.ip]) },
    });
    await cloud.settle(a.core.whenJoined());
    expect(idsOf(a)).toEqual(['b']);
    await cloud.settle(a.core.leave());
    await cloud.clock.run(5000);
    const start = cloud.clock.monotonic();
    expect(await cloud.settle(a.core.join())).toBe(true);
    expect(cloud.clock.monotonic() - start).toBeLessThan(200);
  });

  it('are no seeds where this peer itself answers', async () => {
    const cloud = new TestCloud();
    const place = { ip: '10.0.1.9', port: 9338 };
    const a = cloud.peer('a', {
      ...place,
      advertises: false,
      seeds: [NAME],
      ticks: false,
      env: { resolve: () => Promise.resolve([...stale(20), place.ip]) },
    });
    await cloud.settle(a.core.whenJoined());
    await cloud.clock.run(60_000);
    expect(a.core.members()).toEqual([]);
    expect(cloud.to('a', 'join').length).toBeLessThanOrEqual(1);
  });

  it('are given up where nobody answers at any of them', async () => {
    const cloud = new TestCloud();
    const a = cloud.peer('a', {
      seeds: [NAME],
      ticks: false,
      env: { resolve: () => Promise.resolve(stale(300)) },
    });
    await cloud.settle(a.core.whenJoined());
    expect(cloud.clock.monotonic()).toBeLessThan(6000);
    expect(a.core.isJoined).toBe(false);
  });
});
