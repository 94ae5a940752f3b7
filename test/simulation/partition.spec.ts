import type { CloudOptions } from '../../simulation/cloud/cloud.options.js';
import type { SimulatedPeer } from '../../simulation/cloud/simulated-peer.js';
import type { Links } from '../../src/testing/network/links.js';
import { expectAgreement, scenario, settled } from './simulated.js';

const ips = (peers: readonly SimulatedPeer[]) => peers.map(({ ip }) => ip);

/** A cloud in two halves that do not reach each other. */
async function partedHalves(options: CloudOptions, count: number) {
  const cloud = await settled(options, count);
  const one = cloud.peers.slice(0, count / 2);
  const other = cloud.peers.slice(count / 2);
  const heal = cloud.network.links.part(ips(one), ips(other));
  return { cloud, one, other, heal };
}

/** After ScaleCube's MembershipProtocolTest and ringpop-common's partition healing. */
describe('partitions', () => {
  scenario('halves become two clouds and one again', async (options) => {
    const { cloud, one, other, heal } = await partedHalves(options, 30);
    await expectAgreement(cloud, 120_000, () => one);
    await expectAgreement(cloud, 120_000, () => other);
    heal();
    await expectAgreement(cloud, 60_000);
    return cloud;
  });

  scenario(
    'what changes in each half meanwhile is right everywhere afterwards',
    async (options) => {
      const { cloud, one, other, heal } = await partedHalves(options, 30);
      await expectAgreement(cloud, 120_000, () => one);
      for (const { core, id } of [one[0]!, one[7]!, other[3]!]) {
        void core.update({ changed: id });
      }
      await expectAgreement(cloud, 60_000, () => one);
      await expectAgreement(cloud, 60_000, () => other);
      heal();
      await expectAgreement(cloud, 60_000);
      expect(other[0]!.core.get(one[7]!.id)?.data).toEqual({
        changed: one[7]!.id,
      });
      return cloud;
    },
  );

  scenario('one peer alone is dropped and comes back', async (options) => {
    const cloud = await settled(options, 12);
    const [alone, ...rest] = cloud.peers;
    const heal = cloud.network.links.part([alone!.ip], ips(rest));
    await expectAgreement(cloud, 120_000, () => rest);
    heal();
    await expectAgreement(cloud, 60_000);
    return cloud;
  });

  scenario('a short cut drops nobody', async (options) => {
    const cloud = await settled(options, 20);
    let left = 0;
    cloud.onEvent((_, { type }) => void (type === 'peer.left' && left++));
    const [one, other] = [cloud.peers.slice(0, 10), cloud.peers.slice(10)];
    const heal = cloud.network.links.part(ips(one), ips(other));
    await cloud.clock.run(2000);
    heal();
    await cloud.clock.run(60_000);
    expect(left).toBe(0);
    await expectAgreement(cloud, 1000);
    return cloud;
  });

  scenario(
    'two that cannot reach each other stay members through the others',
    async (options) => {
      const cloud = await settled(options, 6);
      let left = 0;
      cloud.onEvent((_, { type }) => void (type === 'peer.left' && left++));
      const [one, other] = cloud.peers;
      const heal = cloud.network.links.part([one!.ip], [other!.ip]);
      await cloud.clock.run(180_000);
      expect(left).toBe(0);
      heal();
      await expectAgreement(cloud, 30_000);
      return cloud;
    },
  );

  scenario(
    'nobody hears one peer, which hears everybody: it is dropped, then back',
    async (options) => {
      const cloud = await settled(options, 10);
      const [mute, ...rest] = cloud.peers;
      const heal = cloud.network.links.cut([mute!.ip], ips(rest));
      await expectAgreement(cloud, 120_000, () => rest);
      heal();
      await expectAgreement(cloud, 60_000);
      return cloud;
    },
  );

  scenario(
    'one peer hears nobody, whom everybody hears: it is dropped, then back',
    async (options) => {
      const cloud = await settled(options, 10);
      const [deaf, ...rest] = cloud.peers;
      const heal = cloud.network.links.cut(ips(rest), [deaf!.ip]);
      await expectAgreement(cloud, 120_000, () => rest);
      heal();
      await expectAgreement(cloud, 60_000);
      return cloud;
    },
  );

  scenario(
    'several hear nobody, whom everybody hears: each is dropped, then back',
    async (options) => {
      const cloud = await settled(options, 12);
      const [deaf, rest] = [cloud.peers.slice(0, 3), cloud.peers.slice(3)];
      const heals = deaf.map((one) => {
        const others = cloud.peers.filter((peer) => peer !== one);
        return cloud.network.links.cut(ips(others), [one.ip]);
      });
      await expectAgreement(cloud, 120_000, () => rest);
      for (const heal of heals) {
        heal();
      }
      await expectAgreement(cloud, 60_000);
      return cloud;
    },
  );

  scenario(
    'everybody is cut off from everybody, then all are one again',
    async (options) => {
      const cloud = await settled(options, 8);
      for (const one of cloud.peers) {
        const others = cloud.peers.filter((other) => other !== one);
        cloud.network.links.part([one.ip], ips(others));
      }
      for (const one of cloud.peers) {
        await expectAgreement(cloud, 180_000, () => [one]);
      }
      cloud.network.links.heal();
      await expectAgreement(cloud, 90_000);
      return cloud;
    },
  );

  /** A newcomer that starts behind a cut is alone, and comes in when that is healed. */
  async function joinsBehind(
    options: CloudOptions,
    cut: (links: Links, newcomer: string[], rest: string[]) => () => void,
  ) {
    const cloud = await settled(options, 8);
    const rest = [...cloud.peers];
    const newcomer = cloud.add({ seeds: [rest[0]!, rest[1]!] });
    const heal = cut(cloud.network.links, [newcomer.ip], ips(rest));
    newcomer.start();
    await cloud.clock.run(60_000);
    await expectAgreement(cloud, 0, () => rest);
    await expectAgreement(cloud, 0, () => [newcomer]);
    heal();
    await expectAgreement(cloud, 60_000);
    return cloud;
  }

  scenario(
    'a peer that is cut off before it joins comes in afterwards',
    (options) =>
      joinsBehind(options, (links, newcomer, rest) =>
        links.part(newcomer, rest),
      ),
  );

  scenario(
    'a newcomer that hears nobody is on no list, and comes in afterwards',
    (options) =>
      joinsBehind(options, (links, newcomer, rest) =>
        links.cut(rest, newcomer),
      ),
  );

  scenario(
    'a newcomer that nobody hears is on no list, and comes in afterwards',
    (options) =>
      joinsBehind(options, (links, newcomer, rest) =>
        links.cut(newcomer, rest),
      ),
  );

  scenario(
    'a half that is parted once more becomes two clouds, then all are one again',
    async (options) => {
      const cloud = await settled(options, 12);
      const [one, rest] = [cloud.peers.slice(0, 4), cloud.peers.slice(4)];
      const [other, third] = [rest.slice(0, 4), rest.slice(4)];
      cloud.network.links.part(ips(one), ips(rest));
      await expectAgreement(cloud, 120_000, () => one);
      await expectAgreement(cloud, 120_000, () => rest);
      cloud.network.links.part(ips(other), ips(third));
      for (const part of [one, other, third]) {
        await expectAgreement(cloud, 120_000, () => part);
      }
      cloud.network.links.heal();
      await expectAgreement(cloud, 90_000);
      return cloud;
    },
  );

  scenario('a peer joins each half meanwhile', async (options) => {
    const cloud = await settled(options, 20);
    const [one, other] = [cloud.peers.slice(0, 10), cloud.peers.slice(10)];
    const first = cloud.add({ seeds: [one[0]!] });
    const second = cloud.add({ seeds: [other[0]!] });
    one.push(first);
    other.push(second);
    const heal = cloud.network.links.part(ips(one), ips(other));
    first.start();
    second.start();
    await expectAgreement(cloud, 120_000, () => one);
    await expectAgreement(cloud, 120_000, () => other);
    heal();
    await expectAgreement(cloud, 90_000);
    return cloud;
  });

  scenario('three parts heal one after the other', async (options) => {
    const cloud = await settled(options, 24);
    const parts = [0, 1, 2].map((part) =>
      cloud.peers.slice(part * 8, part * 8 + 8),
    );
    const [a, b, c] = parts.map(ips);
    cloud.network.links.part(a!, b!);
    const healFirst = cloud.network.links.part(b!, c!);
    cloud.network.links.part(a!, c!);
    for (const part of parts) {
      await expectAgreement(cloud, 120_000, () => part);
    }
    healFirst();
    await expectAgreement(cloud, 90_000, () => [...parts[1]!, ...parts[2]!]);
    cloud.network.links.heal();
    await expectAgreement(cloud, 90_000);
    return cloud;
  });

  scenario(
    'halves in which peers died are healed without ghosts',
    async (options) => {
      const { cloud, one, other, heal } = await partedHalves(options, 20);
      await cloud.clock.run(60_000);
      one[0]!.crash();
      other[0]!.vanish();
      await cloud.clock.run(60_000);
      heal();
      await expectAgreement(cloud, 90_000);
      return cloud;
    },
  );
});
