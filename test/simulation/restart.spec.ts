import { expectAgreement, scenario, settled } from './simulated.js';

describe('restarts', () => {
  scenario('under the same id, after a crash', async (options) => {
    const cloud = await settled(options, 20);
    const before = cloud.pick();
    before.crash();
    await cloud.clock.run(200);
    const after = cloud.restart(before, { id: before.id, data: { turn: 2 } });
    await expectAgreement(cloud, 30_000);
    const known = () =>
      cloud.running.every(
        ({ core, id }) =>
          id === after.id || core.get(after.id)?.data['turn'] === 2,
      );
    expect(await cloud.clock.runUntil(known, { timeout: 30_000 })).toBe(true);
    return cloud;
  });

  scenario(
    'under the same id, long after everybody forgot it',
    async (options) => {
      const cloud = await settled(options, 20);
      const before = cloud.pick();
      before.vanish();
      await expectAgreement(cloud, 60_000);
      cloud.restart(before, { id: before.id });
      await expectAgreement(cloud, 30_000);
      return cloud;
    },
  );

  scenario(
    'under a new id at the same address: the old one is gone',
    async (options) => {
      const cloud = await settled(options, 20);
      const before = cloud.pick();
      before.crash();
      await cloud.clock.run(100);
      cloud.restart(before);
      await expectAgreement(cloud, 30_000);
      return cloud;
    },
  );

  scenario('with a clock that went back', async (options) => {
    const cloud = await settled(options, 12);
    const before = cloud.pick();
    await cloud.clock.run(30_000);
    before.crash();
    cloud.restart(before, { id: before.id, skew: -3_600_000 });
    await expectAgreement(cloud, 40_000);
    await cloud.clock.run(30_000);
    await expectAgreement(cloud, 1000);
    return cloud;
  });

  scenario(
    'one after the other, all of them, under new ids',
    async (options) => {
      const cloud = await settled(options, 15);
      for (const peer of cloud.running) {
        await cloud.clock.complete(peer.leave());
        await cloud.clock.run(200);
        cloud.restart(peer);
        await cloud.clock.run(1000);
      }
      await expectAgreement(cloud, 30_000);
      return cloud;
    },
  );

  scenario('all at once, under the same ids', async (options) => {
    const cloud = await settled(options, 15);
    const before = cloud.running;
    for (const peer of before) {
      peer.crash();
    }
    await cloud.clock.run(3000);
    for (const peer of before) {
      cloud.restart(peer, {
        id: peer.id,
        seeds: [cloud.addressOf(0), cloud.addressOf(1)],
      });
    }
    await expectAgreement(cloud, 60_000);
    return cloud;
  });
});
