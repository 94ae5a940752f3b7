import type { MembershipEvent } from '../../src/membership/core/membership.types.js';
import { Staller } from '../../simulation/cloud/staller.js';
import { churn } from '../../simulation/scenarios/churn.js';
import { unreachable } from '../../simulation/scenarios/unreachable.js';
import { byAmount } from '../support/amount.js';
import {
  expectAgreement,
  grown,
  HEAVY,
  REAL_TIMEOUT,
  scenario,
  settled,
} from './simulated.js';

/** Peers of a large cloud, and virtual minutes of a long wait. */
const MANY = byAmount({ quick: 30, slow: 100, long: 100 });
const MINUTES = byAmount({ quick: 2, slow: 5, long: 10 });

describe('detection', () => {
  scenario('a third of the cloud crashes at once', async (options) => {
    const cloud = await settled(options, 30);
    for (const peer of cloud.peers.slice(0, 10)) {
      peer.crash();
    }
    await expectAgreement(cloud, 30_000);
    return cloud;
  });

  scenario(
    'most hear how a suspicion ended, and do not check it themselves',
    async (options) => {
      const cloud = await settled(options, 100);
      const victim = cloud.peers[7]!;
      let checks = 0;
      for (const { process } of cloud.peers) {
        const { transport } = process;
        const request = transport.request.bind(transport);
        vi.spyOn(transport, 'request').mockImplementation((target, ...rest) => {
          if (target.ip === victim.ip) {
            checks++;
          }
          return request(target, ...rest);
        });
      }
      victim.vanish();
      await expectAgreement(cloud, 30_000);
      expect(checks).toBeGreaterThan(0);
      expect(checks).toBeLessThan(2 * cloud.peers.length);
      return cloud;
    },
    [11],
  );

  scenario(
    'a peer that nobody can call is off all lists, though its own calls get through',
    async (options) => {
      const cloud = await settled(options, MANY);
      const { off, returns, back } = await unreachable(cloud);
      expect(off).toBeLessThan(20_000);
      expect(returns).toBe(0);
      expect(back).toBeLessThan(60_000);
      return cloud;
    },
  );

  scenario('two hosts vanish from a cloud of four', async (options) => {
    const cloud = await grown(options, 4);
    cloud.peers[1]!.vanish();
    cloud.peers[2]!.vanish();
    await expectAgreement(cloud, 90_000);
    return cloud;
  });

  scenario('the last other peer vanishes', async (options) => {
    const cloud = await grown(options, 2);
    cloud.peers[0]!.vanish();
    await expectAgreement(cloud, 90_000);
    return cloud;
  });

  scenario('at 5 % loss nobody is lost', async (options) => {
    const cloud = await settled({ ...options, loss: 0.05 }, 40);
    const { declaredDead, disagreement } = await churn(cloud, 0, MINUTES);
    expect(declaredDead).toBe(0);
    expect(disagreement).toBeUndefined();
    return cloud;
  });

  scenario(
    'stalled peers come back and take nobody healthy with them',
    async (options) => {
      const cloud = await settled({ ...options, loss: 0.05 }, 40);
      const { declaredDead, returns, disagreement } = await churn(
        cloud,
        0.05,
        5,
      );
      expect(returns.length).toBeGreaterThan(10);
      expect(declaredDead).toBe(0);
      const evicted = returns.filter((each) => each.wasDeclaredDead);
      expect(evicted.length).toBeGreaterThan(10);
      expect(returns.filter(({ soon }) => soon < 0.98)).toEqual([]);
      expect(returns.filter(({ late }) => late < 1)).toEqual([]);
      expect(disagreement).toBeUndefined();
      return cloud;
    },
    HEAVY,
  );

  scenario('a stall of a second is forgiven', async (options) => {
    const cloud = await settled(options, 40);
    let left = 0;
    cloud.onEvent((_, { type }) => void (type === 'peer.left' && left++));
    for (let count = 0; count < 10; count++) {
      const peer = cloud.pick();
      peer.stall();
      await cloud.clock.run(1000);
      peer.wake();
      await cloud.clock.run(5000);
    }
    expect(left).toBe(0);
    return cloud;
  });

  scenario('a stall of the whole cloud is forgiven', async (options) => {
    const cloud = await settled(options, 20);
    for (const peer of cloud.peers) {
      peer.stall();
    }
    await cloud.clock.run(30_000);
    for (const peer of cloud.peers) {
      peer.wake();
    }
    await expectAgreement(cloud, 40_000);
    return cloud;
  });

  scenario(
    'a death is reported once by each peer, with its reason',
    async (options) => {
      const cloud = await settled(options, 15);
      const seen: MembershipEvent[] = [];
      const victim = cloud.pick();
      cloud.onEvent(
        (_, event) => void (event.type === 'peer.left' && seen.push(event)),
      );
      victim.crash();
      await cloud.clock.run(60_000);
      expect(seen).toHaveLength(14);
      for (const event of seen) {
        expect(event).toMatchObject({
          reason: 'dead',
          member: { id: victim.id },
        });
      }
      return cloud;
    },
  );
});

describe('Staller', () => {
  it(
    'keeps the share of the peers stalled',
    async () => {
      const cloud = await settled({ seed: 1 }, 40);
      const staller = new Staller(cloud, 0.125);
      staller.start();
      await cloud.clock.run(40_000);
      let stalled = 0;
      for (let look = 0; look < 50; look++) {
        await cloud.clock.run(2000);
        stalled += cloud.peers.filter((peer) => peer.isStalled).length;
      }
      expect(stalled / 50).toBeCloseTo(5, 0);
    },
    REAL_TIMEOUT,
  );
});
