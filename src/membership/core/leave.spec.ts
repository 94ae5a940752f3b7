import type { PeerTransport } from '../../transport/peer-transport.interface.js';
import { MAX_CONCURRENT_NOTIFICATIONS } from './options/membership.options.js';
import { OURS, never } from './testing-support/checked-cloud.js';
import type { FakePeer } from './testing-support/fake-peer.js';
import { TestCloud, idsOf, told } from './testing-support/test-cloud.js';

/** After ringpop-common's self-eviction tests: a peer that shuts down says so itself. */
describe('a leave', () => {
  it.each([
    ['small', 32],
    ['large', 0],
  ])(
    'in a %s cloud reaches each member from the peer that leaves, once',
    async (_, directThreshold) => {
      const cloud = new TestCloud();
      const options = { directThreshold };
      const ids = ['a', 'b', 'c', 'd', 'e'];
      const peers = await cloud.cloud(ids, { options });
      const legacy = cloud.legacy('legacy');
      await cloud.settle(legacy.join(peers[0]!.address));
      await cloud.clock.run(5000);
      cloud.requests.length = 0;
      await cloud.settle(peers[3]!.core.leave());
      const sent = cloud.requests.filter(
        ({ from, endpoint }) => from === 'd' && endpoint === 'left',
      );
      expect(sent.map(({ body }) => body)).toEqual(
        Array.from({ length: 5 }, () => ({ id: 'd' })),
      );
      expect(sent.map(({ to }) => to).sort()).toEqual([
        'a',
        'b',
        'c',
        'e',
        'legacy',
      ]);
      await cloud.until(() => !idsOf(peers[0]!).includes('d'), 1000);
      expect(told(peers[0]!).at(-1)).toBe('peer.left d left');
      expect(legacy.ids).toEqual(['a', 'b', 'c', 'e']);
    },
  );

  it.each([
    ['another address', { ip: '10.7.7.7' }],
    ['its old address', {}],
  ])(
    'does not keep out who comes back under the same id with other data, at %s',
    async (_, place) => {
      const cloud = new TestCloud();
      const peers = await cloud.cloud(['a', 'b']);
      const b = peers[1]!;
      await cloud.settle(b.core.leave());
      b.core.stop();
      b.process.crash();
      await cloud.until(() => idsOf(peers[0]!).length === 0, 1000);
      const again = cloud.fake('b', {
        ...b.address,
        ...place,
        status: OURS,
      });
      const incarnation = cloud.clock.now();
      const extra = { ...OURS, incarnation, data: { again: true } };
      await cloud.settle(again.join(peers[0]!.address, extra));
      expect(peers[0]!.core.get('b')).toMatchObject({
        ...again.address,
        data: { again: true },
        state: 'alive',
      });
    },
  );

  it('waits for answers no longer than two request timeouts', async () => {
    const cloud = new TestCloud();
    const [a] = await cloud.cloud(['a', 'b']);
    const mute = cloud.fake('mute', {
      answer: (endpoint) => (endpoint === 'left' ? never : undefined),
    });
    await cloud.settle(mute.join(a!.address));
    const start = cloud.clock.monotonic();
    await cloud.settle(a!.core.leave());
    expect(cloud.clock.monotonic() - start).toBeLessThanOrEqual(2100);
    expect(cloud.to('mute', 'left')).toHaveLength(1);
    expect(a!.core.members()).toEqual([]);
  });

  it('is told to a bounded number of members at the same moment', async () => {
    const cloud = new TestCloud();
    const seen: { transport?: PeerTransport; now: number; most: number } = {
      now: 0,
      most: 0,
    };
    const toldIds: string[] = [];
    const transport: PeerTransport = {
      request: async (target, endpoint, ...rest) => {
        if (endpoint !== 'left') {
          return seen.transport!.request(target, endpoint, ...rest);
        }
        toldIds.push(target.id!);
        seen.most = Math.max(seen.most, ++seen.now);
        await cloud.pause(100);
        seen.now--;
        return { status: 200, body: { status: 'removed' } };
      },
    };
    const a = cloud.peer('a', { ticks: false, env: { transport } });
    seen.transport = a.process.transport;
    await cloud.cloud(['b'], { seeds: [a.address] });
    const members = Array.from({ length: 200 }, (_, n) => ({
      id: `x${n}`,
      ip: '10.6.0.1',
      port: 1000 + n,
      data: {},
      features: ['gossip'],
      incarnation: 1,
      state: 'alive',
    }));
    await a.core.receiveSync({ members }, a.core.get('b')!);
    await cloud.settle(a.core.leave());
    expect(seen.most).toBe(MAX_CONCURRENT_NOTIFICATIONS);
    expect(toldIds).toHaveLength(201);
    expect(new Set(toldIds).size).toBe(201);
  });
});

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

describe('leaving while joining', () => {
  it('leaves a cloud that lets this peer in while it leaves another', async () => {
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
    let left: Promise<void> | undefined;
    const seed = cloud.peer('seed', {
      env: {
        addressRefusal: ({ ip }) => {
          if (ip === '10.0.5.5') {
            left ??= a.core.leave();
          }
          return undefined;
        },
      },
    });
    const member = cloud.peer('m', { seeds: [seed.address] });
    await cloud.until(() => member.core.isJoined);
    const a = cloud.peer('a', { ip: '10.0.5.5', seeds: [seed.address] });
    await cloud.until(() => left !== undefined);
    await cloud.settle(left!);
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

  it('waits no longer than for the others, and leaves all the same', async () => {
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
