import { SimulatedCloud } from '../../simulation/cloud/simulated-cloud.js';
import { expectAgreement, grown, scenario, settled } from './simulated.js';

/** Ms of one processor that each message takes: the joins of forty peers at once keep it busy for seconds. */
const WORK = 1.5;

describe('joining', () => {
  scenario('forty peers start at once through one seed', async (options) => {
    const cloud = new SimulatedCloud(options);
    const seeds = [cloud.addressOf(0)];
    for (let index = 0; index < 40; index++) {
      cloud.add({ seeds });
    }
    for (const peer of cloud.peers) {
      peer.start();
    }
    await expectAgreement(cloud, 30_000);
    return cloud;
  });

  scenario(
    'forty peers start on a machine that is too busy',
    async (options) => {
      const cloud = new SimulatedCloud({ ...options, work: WORK });
      const seeds = [cloud.addressOf(0)];
      for (let index = 0; index < 40; index++) {
        cloud.add({ seeds }).start();
      }
      await expectAgreement(cloud, 30_000);
      // A join sent again because the first one waits makes all others wait longer.
      expect(cloud.network.meter.requests().get('join')).toBeLessThan(60);
      return cloud;
    },
  );

  scenario(
    'peers in a ring join each other at the same instant',
    async (options) => {
      const cloud = new SimulatedCloud(options);
      const count = 8;
      for (let index = 0; index < count; index++) {
        cloud.add({ seeds: [cloud.addressOf((index + 1) % count)] });
      }
      for (const peer of cloud.peers) {
        peer.start();
      }
      await expectAgreement(cloud, 60_000);
      return cloud;
    },
  );

  scenario('peers infer their addresses from one another', async (options) => {
    const cloud = new SimulatedCloud(options);
    const seeds = [cloud.addressOf(0)];
    for (let index = 0; index < 10; index++) {
      cloud.add({ seeds, advertises: false }).start();
    }
    await expectAgreement(cloud, 30_000);
    return cloud;
  });

  scenario(
    'a join storm meets a quarter of all packets lost',
    async (options) => {
      const cloud = new SimulatedCloud({ ...options, loss: 0.25 });
      const seeds = [cloud.addressOf(0)];
      for (let index = 0; index < 30; index++) {
        cloud.add({ seeds }).start();
      }
      await cloud.clock.run(60_000);
      cloud.network.loss = 0;
      await expectAgreement(cloud, 60_000);
      return cloud;
    },
  );

  scenario('joins and leaves at the same time', async (options) => {
    const cloud = await grown(options, 20);
    const leaving = cloud.peers.slice(5, 15);
    // One that leaves, and one that stays: who knows only the former may be too late.
    const seeds = [10, 1].map((index) => cloud.addressOf(index));
    for (const peer of leaving) {
      cloud.add({ seeds }).start();
      void peer.leave();
      await cloud.clock.run(cloud.random.next() * 20);
    }
    await expectAgreement(cloud, 60_000);
    return cloud;
  });

  scenario(
    'a joiner learns everybody’s data, and everybody learns its',
    async (options) => {
      const cloud = await settled(options, 40);
      const joiner = cloud.add({ data: { role: 'cache' } });
      joiner.start();
      await expectAgreement(cloud, 20_000);
      for (const peer of cloud.running) {
        if (peer === joiner) {
          continue;
        }
        expect(peer.core.get(joiner.id)?.data).toEqual({ role: 'cache' });
        expect(joiner.core.get(peer.id)?.data).toEqual(peer.options.data);
      }
      return cloud;
    },
  );

  scenario('new data reaches everybody', async (options) => {
    const cloud = await settled({ ...options, loss: 0.1 }, 40);
    const peer = cloud.pick();
    void peer.core.update({ version: 2 });
    const others = cloud.running.filter((other) => other !== peer);
    const known = () =>
      others.every(({ core }) => core.get(peer.id)?.data['version'] === 2);
    expect(await cloud.clock.runUntil(known, { timeout: 60_000 })).toBe(true);
    return cloud;
  });
});
