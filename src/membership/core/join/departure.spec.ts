import type { FakePeer } from '../testing-support/fake-peer.js';
import { idsOf, TestCloud, told } from '../testing-support/test-cloud.js';

const member = { id: 'm', ip: '10.0.7.7', port: 9338, data: {} };

/** A peer that lets others in after so many ms, when they have perhaps changed their mind. */
function slowSeed(cloud: TestCloud, delay: number): FakePeer {
  return cloud.fake('seed', {
    answer: async (endpoint, { id }) => {
      if (endpoint !== 'join') {
        return undefined;
      }
      await cloud.pause(delay);
      const self = { id: 'seed', data: {} };
      return { status: 'joined', id, self, peers: [member] };
    },
  });
}

describe('Departure', () => {
  it('says goodbye to a cloud that lets this peer in while it leaves', async () => {
    const cloud = new TestCloud();
    const seed = slowSeed(cloud, 500);
    const other = cloud.fake('m', member);
    const a = cloud.peer('a', { seeds: [seed.address], ticks: false });
    await cloud.until(() => cloud.to('seed', 'join').length === 1);
    await cloud.settle(a.core.leave());
    a.core.stop();
    for (const { id } of [seed, other]) {
      expect(cloud.to(id, 'left')).toMatchObject([
        { from: 'a', body: { id: 'a' } },
      ]);
    }
    expect(idsOf(a)).toEqual([]);
    expect(told(a)).toEqual([]);
  });

  it('leaves no trace where a peer of ours lets it in too late', async () => {
    const cloud = new TestCloud();
    let goodbye: Promise<void> | undefined;
    const seed = cloud.peer('seed', {
      env: {
        allows: ({ ip }) => {
          if (ip === '10.0.5.5') {
            goodbye ??= a.core.leave();
          }
          return true;
        },
      },
    });
    const member = cloud.peer('m', { seeds: [seed.address] });
    await cloud.until(() => member.core.isJoined);
    const a = cloud.peer('a', { ip: '10.0.5.5', seeds: [seed.address] });
    await cloud.until(() => goodbye !== undefined);
    await cloud.settle(goodbye!);
    a.core.stop();
    expect(told(seed)).toContain('peer.joined a');
    expect([idsOf(seed), idsOf(member)]).toEqual([['m'], ['seed']]);
  });

  it('forgets whom to check', async () => {
    const cloud = new TestCloud();
    const [a, b] = await cloud.cloud(['a', 'b', 'c'], { ticks: false });
    await cloud.settle(a!.core.leave());
    await cloud.settle(a!.core.join([b!.address]));
    expect(idsOf(a!)).toEqual(['b', 'c']);
    await cloud.clock.run(5000);
    cloud.requests.length = 0;
    for (let checks = 0; checks < 10; checks++) {
      await cloud.settle(a!.core.check());
    }
    const checked = cloud.requests.filter(({ from }) => from === 'a');
    expect(checked.map(({ to }) => to).toSorted()).toEqual([
      ...Array.from({ length: 5 }, () => 'b'),
      ...Array.from({ length: 5 }, () => 'c'),
    ]);
  });

  it('waits no longer than for the others, and says goodbye all the same', async () => {
    const cloud = new TestCloud();
    const seed = slowSeed(cloud, 2500);
    const a = cloud.peer('a', { seeds: [seed.address], ticks: false });
    await cloud.until(() => cloud.to('seed', 'join').length === 1);
    await cloud.settle(a.core.leave());
    expect(cloud.to('seed', 'left')).toEqual([]);
    await cloud.until(() => cloud.to('seed', 'left').length === 1);
    expect(a.core.members()).toEqual([]);
  });

  it('is one, however often it is asked for, and over before the next join', async () => {
    const cloud = new TestCloud();
    const [a, b] = await cloud.cloud(['a', 'b']);
    const first = b!.core.leave();
    expect(b!.core.leave()).toBe(first);
    expect(await cloud.settle(b!.core.join([a!.address]))).toBe(true);
    expect(cloud.to('a', 'left')).toHaveLength(1);
    expect([idsOf(a!), idsOf(b!)]).toEqual([['b'], ['a']]);
  });
});
