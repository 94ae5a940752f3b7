import { TestCloud } from '../testing-support/test-cloud.js';

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
