import { resolveMembershipOptions } from '../options/membership.options.js';
import {
  idsOf,
  TestCloud,
  told,
  type TestPeer,
} from '../testing-support/test-cloud.js';

describe('Healer', () => {
  it('finds a member again that counted as dead', async () => {
    const cloud = new TestCloud();
    const [a, b, c] = await cloud.cloud(['a', 'b', 'c']);
    c!.process.stall();
    const isDeadTo = (peer: TestPeer) =>
      told(peer).includes('peer.left c dead');
    await cloud.until(() => isDeadTo(a!) && isDeadTo(b!));
    c!.process.wake();
    await cloud.until(
      () => idsOf(a!).length === 2 && idsOf(b!).length === 2,
      60_000,
    );
    expect(idsOf(c!)).toEqual(['a', 'b']);
    const story = told(a!).join();
    expect(story).toContain('peer.left c dead,peer.joined c');
    expect(story.match(/peer.joined c/g)).toHaveLength(2);
  });

  it('dials seeds again, so that two clouds of the same seeds become one', async () => {
    const cloud = new TestCloud();
    const place = { ip: '10.0.5.1', port: 9338 };
    const other = { ip: '10.0.5.2', port: 9338 };
    const a = cloud.peer('a', { ...place, seeds: [other] });
    cloud.peer('a2', { seeds: [place] });
    await cloud.until(() => a.core.isJoined);
    const b = cloud.peer('b', other);
    cloud.peer('b2', { seeds: [other] });
    await cloud.until(
      () => idsOf(a).length === 3 && idsOf(b).length === 3,
      60_000,
    );
  });

  it('leaves a member alone that left by itself', async () => {
    const cloud = new TestCloud();
    const [a, , c] = await cloud.cloud(['a', 'b', 'c']);
    await cloud.settle(c!.core.leave());
    cloud.requests.length = 0;
    await cloud.clock.run(60_000);
    expect(cloud.requests.filter(({ to }) => to === 'c')).toEqual([]);
    expect(idsOf(a!)).toEqual(['b']);
  });

  it('forgets an address at which somebody else answers', async () => {
    const cloud = new TestCloud();
    const [a, b] = await cloud.cloud(['a', 'b']);
    b!.process.crash();
    b!.core.stop();
    await cloud.until(() => idsOf(a!).length === 0, 60_000);
    cloud.fake('another', b!.address);
    await cloud.clock.run(60_000);
    expect(cloud.to('another', 'status')).toHaveLength(1);
    expect(cloud.to('another', 'join')).toEqual([]);
  });

  it.each([6, 24])(
    'dials the dead at the same rate for the whole cloud, whatever its size (%i peers)',
    async (size) => {
      const cloud = new TestCloud();
      const ids = Array.from({ length: size }, (_, index) => `p${index}`);
      const peers = await cloud.cloud(ids);
      const [dead, alive] = [peers.slice(0, 3), peers.slice(3)];
      for (const peer of dead) {
        peer.process.vanish();
      }
      const isOver = () =>
        alive.every((peer) => idsOf(peer).length === alive.length - 1);
      await cloud.until(isOver, 180_000);
      await cloud.clock.run(30_000);
      const gone = new Set(dead.map(({ address }) => address.ip));
      let calls = 0;
      for (const { process } of alive) {
        const { transport } = process;
        const request = transport.request.bind(transport);
        vi.spyOn(transport, 'request').mockImplementation((target, ...rest) => {
          if (gone.has(target.ip)) {
            calls++;
          }
          return request(target, ...rest);
        });
      }
      const periods = 200;
      await cloud.clock.run(periods * 1000);
      const { redialRate } = resolveMembershipOptions();
      expect(calls / periods).toBeGreaterThan(redialRate * 0.7);
      expect(calls / periods).toBeLessThan(redialRate * 1.4);
    },
  );

  it('does not dial at all where that is turned off', async () => {
    const cloud = new TestCloud();
    const [a, b] = await cloud.cloud(['a', 'b'], {
      options: { redialRate: 0 },
    });
    b!.process.stall();
    await cloud.until(() => idsOf(a!).length === 0, 60_000);
    const { meter } = cloud.network;
    // The end of the last check, and the word of it.
    await cloud.clock.run(5000);
    const before = meter.total().requests;
    await cloud.clock.run(60_000);
    expect(meter.total().requests).toBe(before);
  });

  it('dials the dead where all seeds are members', async () => {
    const cloud = new TestCloud();
    const [a, b, c] = await cloud.cloud(['a', 'b', 'c']);
    const { address } = a!;
    const d = cloud.peer('d', { seeds: [address], ticks: false });
    await cloud.until(() => idsOf(d).length === 3);
    for (const { process, core } of [b!, c!]) {
      process.vanish();
      core.stop();
    }
    for (const id of ['b', 'c']) {
      await cloud.settle(d.core.check(id));
    }
    await cloud.until(() => idsOf(d).length === 1, 180_000);
    const { redialRate } = resolveMembershipOptions();
    const request = vi.spyOn(d.process.transport, 'request');
    const periods = 300;
    for (let period = 0; period < periods; period++) {
      void d.core.tick();
      await cloud.clock.run(1000);
    }
    const dead = [b!.address.ip, c!.address.ip];
    const calls = request.mock.calls.filter(([{ ip }]) => dead.includes(ip));
    const expected = periods * Math.min(1, redialRate / 2);
    expect(calls.length).toBeGreaterThan(expected * 0.7);
    expect(calls.length).toBeLessThan(expected * 1.4);
  });
});
