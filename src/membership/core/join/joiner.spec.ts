import type { JsonObject } from '../../../wire/json.js';
import type { PeerAddress } from '../../../wire/bodies.js';
import type { RequestOrigin } from '../membership.types.js';
import { resolveMembershipOptions } from '../options/membership.options.js';
import type { FakePeer } from '../testing-support/fake-peer.js';
import { TestCloud, idsOf } from '../testing-support/test-cloud.js';

const OURS = { features: ['gossip'], incarnation: 1 };

describe('Joiner', () => {
  it('tries seeds until one lets it in, one at a time', async () => {
    const cloud = new TestCloud();
    const rejected = {
      status: 'rejected',
      error: { code: 'CLOUD_FULL', message: '' },
    };
    let open = 0;
    let most = 0;
    const answer = async (endpoint: string) => {
      if (endpoint !== 'join') {
        return undefined;
      }
      most = Math.max(most, ++open);
      await cloud.pause(20);
      open--;
      return rejected;
    };
    const full = [cloud.fake('f1', { answer }), cloud.fake('f2', { answer })];
    const a = cloud.peer('a', { ticks: false });
    const b = cloud.peer('b', {
      ticks: false,
      seeds: [
        full[0]!.address,
        { ip: '10.9.9.9', port: 1 },
        full[1]!.address,
        a.address,
      ],
    });
    await cloud.settle(b.core.whenJoined());
    expect(idsOf(b)).toEqual(['a']);
    expect(most).toBeLessThanOrEqual(1);
  });

  it('never joins itself, even under its own address', async () => {
    const cloud = new TestCloud();
    const address = { ip: '10.0.0.7', port: 9338 };
    const a = cloud.peer('a', {
      ...address,
      seeds: [address],
      advertises: false,
      ticks: false,
    });
    await cloud.settle(a.core.whenJoined());
    await cloud.clock.run(60_000);
    expect(a.core.members()).toEqual([]);
    expect(a.core.isJoined).toBe(false);
    expect(cloud.to('a', 'join')).toHaveLength(1);
  });

  it('is ready after the first round, and goes on in the background', async () => {
    const cloud = new TestCloud();
    const late = { ip: '10.0.1.1', port: 9338 };
    const a = cloud.peer('a', { seeds: [late] });
    await cloud.settle(a.core.whenJoined());
    expect(a.core.isJoined).toBe(false);
    await cloud.clock.run(20_000);
    const b = cloud.peer('b', late);
    await cloud.until(() => a.core.isJoined && b.core.isJoined, 30_000);
  });

  it.each([
    ['once more to a peer of ours', OURS, 2],
    ['once to a legacy peer, which might add it twice', {}, 1],
  ])('sends a join that is not answered %s', async (_, status, times) => {
    const cloud = new TestCloud();
    let joins = 0;
    const seed: FakePeer = cloud.fake('s', {
      status,
      answer: (endpoint, { id }) => {
        if (endpoint !== 'join') {
          return undefined;
        }
        if (++joins === 1) {
          return new Promise(() => {});
        }
        const self = { id: 's', data: {}, ...seed.address, ...status };
        return { status: 'joined', id, self, peers: [] };
      },
    });
    const a = cloud.peer('a', { seeds: [seed.address], ticks: false });
    await cloud.clock.run(resolveMembershipOptions().joinTimeout - 100);
    expect(a.core.isJoined).toBe(times > 1);
    const sent = cloud.requests.filter(({ endpoint }) => endpoint === 'join');
    expect(sent).toHaveLength(times);
    const incarnations = sent.map(({ body }) => body.incarnation);
    expect(new Set(incarnations).size).toBe(times);
  });

  it('waits longer for a seed that is slow to answer questions, and sends no second join', async () => {
    const cloud = new TestCloud();
    const seed: FakePeer = cloud.fake('s', {
      answer: async (endpoint, { id }) => {
        await cloud.pause(endpoint === 'join' ? 1100 : 200);
        if (endpoint === 'status') {
          return { id: 's', online: true, ...OURS };
        }
        const self = { id: 's', data: {}, ...seed.address, ...OURS };
        return { status: 'joined', id, self, peers: [] };
      },
    });
    const a = cloud.peer('a', { seeds: [seed.address], ticks: false });
    await cloud.settle(a.core.whenJoined());
    expect(idsOf(a)).toEqual(['s']);
    expect(cloud.to('s', 'join')).toHaveLength(1);
  });

  it('gives a seed that is too busy more time with each try', async () => {
    const cloud = new TestCloud();
    const seed = cloud.fake('s', {
      answer: async (endpoint, { id }) => {
        if (endpoint !== 'join') {
          return undefined;
        }
        await cloud.pause(10_000);
        const self = { id: 's', data: {} };
        return { status: 'joined', id, self, peers: [] };
      },
    });
    const a = cloud.peer('a', { seeds: [seed.address], ticks: false });
    await cloud.until(() => a.core.isJoined, 30_000);
    expect(cloud.to('s', 'join')).toHaveLength(3);
  });

  it('comes together where two know only each other and start at the same moment', async () => {
    const cloud = new TestCloud();
    const place = { ip: '10.0.1.1', port: 9338 };
    const other = { ip: '10.0.1.2', port: 9338 };
    const a = cloud.peer('a', { ...place, seeds: [other] });
    const b = cloud.peer('b', { ...other, seeds: [place] });
    await cloud.until(() => a.core.isJoined && b.core.isJoined, 1000);
    await cloud.clock.run(5000);
    expect([idsOf(a), idsOf(b)]).toEqual([['b'], ['a']]);
  });

  it('resolves names anew each time and tries every address behind them', async () => {
    const cloud = new TestCloud();
    const answers = [[], ['10.9.9.1'], ['10.9.9.1', '10.0.1.5']];
    const resolve = async (host: string) =>
      host === 'cloud.example' ? (answers.shift() ?? ['10.0.1.5']) : [host];
    const seed = cloud.peer('seed', { ip: '10.0.1.5' });
    const a = cloud.peer('a', {
      seeds: [{ ip: 'cloud.example', port: 9338 }],
      env: { resolve },
    });
    await cloud.until(() => a.core.isJoined, 30_000);
    expect(idsOf(a)).toEqual(['seed']);
    expect(a.core.get('seed')).toMatchObject(seed.address);
  });

  it('lets requests of strangers wait for its own join, a second at most', async () => {
    const cloud = new TestCloud();
    const stuck = cloud.fake('stuck', {
      answer: (endpoint) =>
        endpoint === 'join' ? new Promise(() => {}) : undefined,
    });
    const a = cloud.peer('a', { seeds: [stuck.address], ticks: false });
    const start = cloud.clock.monotonic();
    expect(await cloud.settle(a.core.admit('stranger'))).toBeUndefined();
    expect(cloud.clock.monotonic() - start).toBeGreaterThanOrEqual(1000);
    expect(cloud.clock.monotonic() - start).toBeLessThan(1100);

    const member = cloud.fake('m');
    const admitted = a.core.admit('m');
    await cloud.settle(member.join(a.address));
    stuck.process.crash();
    expect(await cloud.settle(admitted)).toMatchObject({ id: 'm' });
    expect(await a.core.admit(undefined)).toBeUndefined();
  });
});

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
      const addressRefusal = (place: PeerAddress, origin?: RequestOrigin) =>
        place.ip !== '127.0.0.1' || origin?.remoteAddress === '127.0.0.1'
          ? undefined
          : 'is a loopback address';
      const a = cloud.peer('a', {
        seeds: [address],
        ticks: false,
        env: { addressRefusal },
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

  it('joins no cloud of another name, and leaves where it was let in all the same', async () => {
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
