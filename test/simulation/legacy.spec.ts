import type { CloudOptions } from '../../simulation/cloud/cloud.options.js';
import type { SimulatedCloud } from '../../simulation/cloud/simulated-cloud.js';
import type { SimulatedPeer } from '../../simulation/cloud/simulated-peer.js';
import { LegacyPeer } from '../../src/membership/core/testing-support/legacy-peer.js';
import { SeededRandom } from '../../src/testing/network/seeded-random.js';
import { scenario, settled } from './simulated.js';

/** Streams of the seed that no simulated peer uses. */
const LEGACY_STREAM = 100_000;

/** Makes legacy peers on the network of a simulated cloud. */
function addLegacy(
  cloud: SimulatedCloud,
  index: number,
  checks = false,
): LegacyPeer {
  return new LegacyPeer(
    cloud.network,
    `legacy-${index}`,
    { ip: `10.200.0.${index}`, port: 9338 },
    new SeededRandom(cloud.options.seed, LEGACY_STREAM + index),
    checks,
    () => {},
  );
}

async function mixed(
  options: CloudOptions,
  count: number,
  checks = false,
): Promise<{ cloud: SimulatedCloud; legacy: LegacyPeer[] }> {
  const cloud = await settled(options, count);
  const legacy = [1, 2, 3].map((index) => addLegacy(cloud, index, checks));
  for (const peer of legacy) {
    expect(await cloud.clock.complete(peer.join(cloud.pick()))).toBe(true);
  }
  await expectRight(cloud, legacy, 30_000);
  return { cloud, legacy };
}

/** What is wrong with the first list that has not everybody exactly once. */
function wrong(
  ours: readonly SimulatedPeer[],
  legacy: readonly LegacyPeer[],
): string | undefined {
  const all = [...ours, ...legacy].map(({ id }) => id).sort();
  const lists: [string, readonly string[]][] = [
    ...ours.map(({ id, core }): [string, string[]] => [
      id,
      core
        .members()
        .map((member) => member.id)
        .sort(),
    ]),
    ...legacy.map(({ id, ids }): [string, string[]] => [id, ids]),
  ];
  for (const [owner, ids] of lists) {
    const expected = all.filter((id) => id !== owner);
    if (ids.join() !== expected.join()) {
      const missing = expected.filter((id) => !ids.includes(id));
      const surplus = ids.filter(
        (id, index) => !expected.includes(id) || ids.indexOf(id) !== index,
      );
      return `${owner} misses [${missing.join()}], has too much [${surplus.join()}]`;
    }
  }
  return undefined;
}

async function expectRight(
  cloud: SimulatedCloud,
  legacy: readonly LegacyPeer[],
  timeout: number,
  ours = () => cloud.running,
): Promise<void> {
  await cloud.clock.runUntil(() => wrong(ours(), legacy) === undefined, {
    timeout,
    every: 200,
  });
  expect(wrong(ours(), legacy)).toBeUndefined();
}

/** Peers of the original implementation among ours: every list has everybody exactly once. */
describe('a mixed cloud', () => {
  for (const count of [8, 40]) {
    scenario(`of ${count} takes ten more at once`, async (options) => {
      const { cloud, legacy } = await mixed(options, count);
      for (let index = 0; index < 10; index++) {
        cloud.add().start();
      }
      await expectRight(cloud, legacy, 20_000);
      await cloud.clock.run(60_000);
      await expectRight(cloud, legacy, 0);
      return cloud;
    });

    scenario(`of ${count} loses a third at once`, async (options) => {
      const { cloud, legacy } = await mixed(options, count);
      for (let left = Math.floor(count / 3); left > 0; left--) {
        cloud.pick().crash();
      }
      const listed = ({ core }: SimulatedPeer) => core.members().length;
      const known = () =>
        cloud.running.every(
          (peer) => listed(peer) === cloud.running.length - 1 + legacy.length,
        );
      expect(await cloud.clock.runUntil(known, { timeout: 60_000 })).toBe(true);
      // No audit needed: the peer that is responsible for a legacy member notifies it at once.
      await expectRight(cloud, legacy, 3000);
      return cloud;
    });

    scenario(`of ${count} hears of leaves`, async (options) => {
      const { cloud, legacy } = await mixed(options, count);
      for (let left = Math.floor(count / 3); left > 0; left--) {
        void cloud.pick().leave();
      }
      await expectRight(cloud, legacy, 20_000);
      return cloud;
    });
  }

  scenario('is restarted one by one', async (options) => {
    const { cloud, legacy } = await mixed(options, 12);
    for (const before of Array.from(cloud.running)) {
      void before.leave();
      await cloud.clock.run(1500);
      cloud.restart(before);
      await cloud.clock.run(1500);
    }
    await expectRight(cloud, legacy, 60_000);
    return cloud;
  });

  scenario('is killed and restarted one by one', async (options) => {
    const { cloud, legacy } = await mixed(options, 12);
    for (const before of Array.from(cloud.running)) {
      before.crash();
      await cloud.clock.run(500);
      cloud.restart(before);
      await cloud.clock.run(2500);
    }
    await expectRight(cloud, legacy, 120_000);
    return cloud;
  });

  scenario('notices legacy peers that go without a word', async (options) => {
    const { cloud, legacy } = await mixed(options, 12);
    const [gone, ...rest] = legacy;
    gone!.process.crash();
    await expectRight(cloud, rest, 20_000);
    const back = addLegacy(cloud, 1);
    expect(await cloud.clock.complete(back.join(cloud.pick()))).toBe(true);
    await expectRight(cloud, [back, ...rest], 30_000);
    return cloud;
  });

  scenario('gets back who was evicted, everywhere, once', async (options) => {
    const { cloud, legacy } = await mixed(options, 12);
    let left = 0;
    cloud.onEvent((_, { type }) => void (type === 'peer.left' && left++));
    legacy[0]!.evict(cloud.pick().id);
    legacy[1]!.evict(cloud.pick().id);
    await cloud.clock.run(5);
    await expectRight(cloud, legacy, 120_000);
    await cloud.clock.run(60_000);
    await expectRight(cloud, legacy, 0);
    expect(left).toBe(0);
    return cloud;
  });

  scenario('comes together again after a partition', async (options) => {
    const { cloud, legacy } = await mixed(options, 16);
    const [one, other] = [cloud.peers.slice(0, 8), cloud.peers.slice(8)];
    const [first, ...rest] = legacy;
    const heal = cloud.network.links.part(
      [...one.map(({ ip }) => ip), first!.address.ip],
      [...other.map(({ ip }) => ip), ...rest.map(({ address }) => address.ip)],
    );
    await expectRight(cloud, [first!], 120_000, () => one);
    await expectRight(cloud, rest, 120_000, () => other);
    heal();
    await expectRight(cloud, legacy, 180_000);
    await cloud.clock.run(120_000);
    await expectRight(cloud, legacy, 0);
    return cloud;
  });

  scenario(
    'survives legacy peers that evict at every lost packet',
    async (options) => {
      const { cloud, legacy } = await mixed(options, 12, true);
      cloud.network.loss = 0.05;
      await cloud.clock.run(300_000);
      cloud.network.loss = 0;
      await expectRight(cloud, legacy, 300_000);
      return cloud;
    },
  );
});
