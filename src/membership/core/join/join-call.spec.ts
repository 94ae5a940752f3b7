import type { JsonObject } from '../../../wire/json.js';
import type { PeerAddress } from '../../../wire/peer-info.js';
import type { RequestOrigin } from '../membership.types.js';
import { idsOf, TestCloud } from '../testing-support/test-cloud.js';

const OURS = { features: ['gossip'], incarnation: 1 };

describe('JoinCall', () => {
  it('takes the id and the address that it is given', async () => {
    const cloud = new TestCloud();
    const answer = {
      status: 'joined',
      id: 'given',
      ip: '10.7.7.7',
      port: 9338,
      self: { id: 's', data: {} },
      peers: [],
    };
    const seed = cloud.fake('s', {
      answer: (endpoint) => (endpoint === 'join' ? answer : undefined),
    });
    const a = cloud.peer('a', {
      seeds: [seed.address],
      advertises: false,
      ticks: false,
    });
    await cloud.settle(a.core.whenJoined());
    expect(a.core.id).toBe('given');
    expect(a.core.self.ip).toBe('10.7.7.7');
    expect(idsOf(a)).toEqual(['s']);
  });

  it('keeps no address of a load balancer: only the one that answers with the id', async () => {
    const cloud = new TestCloud();
    const answer = {
      status: 'joined',
      id: 'a',
      self: { id: 'behind', data: {} },
      peers: [],
    };
    const balancer = cloud.fake('another', {
      answer: (endpoint) => (endpoint === 'join' ? answer : undefined),
    });
    const a = cloud.peer('a', { seeds: [balancer.address], ticks: false });
    await cloud.settle(a.core.whenJoined());
    expect(a.core.members()).toEqual([]);
  });

  describe('with an answer that lies', () => {
    /** A receiver that lets everybody in, with an answer of its own making. */
    function liar(cloud: TestCloud, answer: JsonObject) {
      const common = { status: 'joined', peers: [] };
      return cloud.fake('liar', {
        answer: (endpoint) =>
          endpoint === 'join' ? { ...common, ...answer } : undefined,
      });
    }

    it('pushes nobody out whose address it takes for its own', async () => {
      const cloud = new TestCloud();
      const [a, b] = await cloud.cloud(['a', 'b']);
      const self = { id: 'liar', ...b!.address, data: {}, ...OURS };
      const { address } = liar(cloud, { id: 'a', self });
      expect(await cloud.settle(a!.core.join([address]))).toBe(true);
      await cloud.clock.run(1000);
      expect(idsOf(a!)).toEqual(['b', 'liar']);
      expect(a!.core.get('liar')).toMatchObject(address);
      expect(a!.core.get('b')).toMatchObject(b!.address);
    });

    it('does not move a member to its own address', async () => {
      const cloud = new TestCloud();
      const [a, b] = await cloud.cloud(['a', 'b']);
      const { id, incarnation } = b!.core.self;
      const thief = cloud.fake(id, {
        answer: (endpoint) =>
          endpoint === 'join'
            ? {
                status: 'joined',
                id: 'a',
                self: { id, data: {}, ...OURS, incarnation: incarnation + 9 },
                peers: [],
              }
            : undefined,
      });
      await cloud.settle(a!.core.join([thief.address]));
      await cloud.clock.run(3000);
      expect(a!.core.get(id)).toMatchObject(b!.address);
    });

    it('makes this peer call no address that is not allowed', async () => {
      const cloud = new TestCloud();
      const inner = cloud.fake('liar', { ip: '127.0.0.1' });
      const self = { id: 'liar', ...inner.address, data: {}, ...OURS };
      const { address } = liar(cloud, { id: 'a', self });
      const allows = (place: PeerAddress, origin?: RequestOrigin) =>
        place.ip !== '127.0.0.1' || origin?.remoteAddress === '127.0.0.1';
      const a = cloud.peer('a', {
        seeds: [address],
        ticks: false,
        env: { allows },
      });
      await cloud.settle(a.core.whenJoined());
      expect(cloud.to('liar', 'status')).toHaveLength(1);
      expect(a.core.get('liar')).toMatchObject(address);
    });

    it('gives a member no other address', async () => {
      const cloud = new TestCloud();
      const a = cloud.peer('a', { ticks: false });
      const b = cloud.peer('b', {
        seeds: [a.address],
        advertises: false,
        ticks: false,
      });
      await cloud.until(() => b.core.isJoined);
      const self = { id: 'liar', data: {} };
      const { address } = liar(cloud, { id: 'b', ip: a.address.ip, self });
      expect(await cloud.settle(b.core.join([address]))).toBe(true);
      expect(b.core.self.ip).toBe(b.address.ip);
      expect(idsOf(b)).toEqual(['a', 'liar']);
    });

    it('writes no lines of its own into the log', async () => {
      const cloud = new TestCloud();
      const error = { code: 'NO\n[Nest] forged \u001b[31m' };
      const { address } = liar(cloud, { status: 'rejected', error });
      const a = cloud.peer('a', { seeds: [address], ticks: false });
      await cloud.settle(a.core.whenJoined());
      expect(a.log.join('')).toContain('NO?[Nest]?forged??[31m');
    });

    it('does not give another id to a peer whose id is fixed', async () => {
      const cloud = new TestCloud();
      const self = { id: 'liar', data: {} };
      const { address } = liar(cloud, { id: 'other', self });
      const a = cloud.peer('a', {
        seeds: [address],
        hasFixedId: true,
        ticks: false,
      });
      await cloud.settle(a.core.whenJoined());
      expect(a.core.id).toBe('a');
      expect(a.core.isJoined).toBe(false);
    });
  });

  it('joins no cloud of another name, and says goodbye where it was let in all the same', async () => {
    const cloud = new TestCloud();
    const legacy = cloud.legacy('l');
    const a = cloud.peer('a', {
      seeds: [legacy.address],
      cloud: 'production',
      ticks: false,
    });
    await cloud.settle(a.core.whenJoined());
    await cloud.clock.run(50);
    expect(a.core.members()).toEqual([]);
    expect(legacy.peers).toEqual([]);
  });

  it.each([
    ['nothing', undefined],
    ['a list', []],
    ['no self', { status: 'joined', id: 'a', peers: [] }],
    ['no id', { status: 'joined', self: { id: 's', data: {} }, peers: [] }],
    [
      'a wrong self',
      { status: 'joined', id: 'a', self: { id: 's s' }, peers: [] },
    ],
  ])('takes an answer with %s for none', async (_, body) => {
    const cloud = new TestCloud();
    const seed = cloud.fake('s', {
      answer: (endpoint) =>
        endpoint === 'join' ? ((body ?? {}) as never) : undefined,
    });
    const a = cloud.peer('a', { seeds: [seed.address], ticks: false });
    await cloud.settle(a.core.whenJoined());
    expect(a.core.isJoined).toBe(false);
    expect(a.core.id).toBe('a');
  });

  it('leaves out entries that make no sense, and itself', async () => {
    const cloud = new TestCloud();
    const peers = [
      { id: 'a', ip: '10.1.1.1', port: 1, data: {} },
      { id: 'x x', ip: '10.1.1.1', port: 1, data: {} },
      { id: 'y', ip: 'nowhere', port: 1, data: {} },
      'z',
      null,
      { id: 'good', ip: '10.1.1.2', port: 2, data: {} },
    ];
    const answer = {
      status: 'joined',
      id: 'a',
      self: { id: 's', data: {} },
      peers,
    };
    const seed = cloud.fake('s', {
      answer: (endpoint) => (endpoint === 'join' ? answer : undefined),
    });
    const a = cloud.peer('a', { seeds: [seed.address], ticks: false });
    await cloud.settle(a.core.whenJoined());
    expect(idsOf(a)).toEqual(['good', 's']);
  });
});
