import type { Endpoint } from '../../wire/endpoints.js';
import type { JsonObject } from '../../wire/json.js';
import { resolveMembershipOptions } from './membership.options.js';
import type { FakePeer } from './testing-support/fake-peer.js';
import {
  idsOf,
  TestCloud,
  told,
  type TestPeer,
} from './testing-support/test-cloud.js';

const OURS = { features: ['update', 'gossip', 'probe', 'sync'] };

/** How a fake member treats the core: each of them may be changed at any time. */
interface Host {
  knows: boolean;
  letsIn: boolean;
  /** False: it does not answer a join at all. */
  answersJoin: boolean;
  /** False: it does not answer checks. */
  answersStatus: boolean;
  leaves: boolean;
}

/** A fake that is a member of the core's cloud and decides whether it knows that core and lets it in. */
async function makeMember(cloud: TestCloud, a: TestPeer, id: string) {
  const host: Host = {
    knows: true,
    letsIn: true,
    answersJoin: true,
    answersStatus: true,
    leaves: false,
  };
  const silence = new Promise<never>(() => {});
  const peer: FakePeer = cloud.fake(id, {
    answer: (endpoint): JsonObject | Promise<never> | undefined => {
      if (endpoint === 'status') {
        if (!host.answersStatus) return silence;
        const online = !host.leaves;
        const status = { id, online, ...OURS, incarnation: 5 };
        return host.knows ? { ...status, ext: { updates: [] } } : status;
      }
      if (endpoint !== 'join') return undefined;
      if (!host.answersJoin) return silence;
      if (!host.letsIn)
        return { status: 'rejected', error: { code: 'LEAVING' } };
      host.knows = true;
      const self = { id, data: {}, ...peer.address, ...OURS, incarnation: 5 };
      return { status: 'joined', id: 'a', ...a.address, self, peers: [] };
    },
  });
  const joining = peer.join(a.address, { ...OURS, incarnation: 5 });
  await cloud.clock.complete(joining);
  return { peer, host };
}

/** A core with one such member, joined some time ago. */
async function makeCloud() {
  const cloud = new TestCloud();
  const a = cloud.peer('a', { ticks: false });
  const { peer: b, host } = await makeMember(cloud, a, 'b');
  await cloud.clock.run(20_000);
  cloud.requests.length = 0;
  const joins = () => cloud.to('b', 'join').length;
  const check = () => cloud.clock.complete(a.core.check('b'));
  return { cloud, a, b, host, joins, check };
}

/** A core with several of them, of which none lists it any more. */
async function evicted(ids: readonly string[]) {
  const cloud = new TestCloud();
  const a = cloud.peer('a', { ticks: false });
  const hosts = new Map<string, Host>();
  for (const id of ids) hosts.set(id, (await makeMember(cloud, a, id)).host);
  await cloud.clock.run(20_000);
  for (const host of hosts.values()) host.knows = false;
  cloud.requests.length = 0;
  const sent = (endpoint: Endpoint) =>
    cloud.requests.filter(
      (request) => request.from === 'a' && request.endpoint === endpoint,
    );
  return { cloud, a, hosts, sent };
}

/** After ringpop's self-eviction tests. */
describe('Recovery', () => {
  it('joins again where a member answers as to a stranger, and says so again', async () => {
    const { cloud, a, host, joins, check } = await makeCloud();
    host.knows = false;
    const { incarnation } = a.core.self;
    await check();
    await cloud.until(() => joins() === 1);
    expect(cloud.to('b', 'join')[0]!.body.incarnation).toBeGreaterThan(
      incarnation,
    );
    await cloud.clock.run(60_000);
    expect(joins()).toBe(1);
    expect(told(a)).toEqual(['cloud.joined', 'peer.joined b']);
  });

  it('does nothing where the second answer says otherwise', async () => {
    const { cloud, a, host, joins } = await makeCloud();
    host.knows = false;
    void a.core.check('b');
    await cloud.clock.run(1.5);
    host.knows = true;
    await cloud.clock.run(60_000);
    expect(cloud.to('b', 'status')).toHaveLength(2);
    expect(joins()).toBe(0);
  });

  it('asks again when a message was refused to an unknown sender', async () => {
    const { cloud, a, host, joins } = await makeCloud();
    a.core.noteUnknownSender('b');
    await cloud.clock.run(10_000);
    // A guard of the application may say 403 too: the member knows this peer.
    expect(cloud.to('b', 'status')).toHaveLength(1);
    expect(joins()).toBe(0);
    host.knows = false;
    a.core.noteUnknownSender('b');
    a.core.noteUnknownSender('nobody');
    await cloud.until(() => joins() === 1);
  });

  it('joins again through a member that says it has left', async () => {
    const { cloud, a, b, host, joins } = await makeCloud();
    host.knows = false;
    const answer = await cloud.clock.complete(
      b.send(a.address, 'left', { id: 'a' }),
    );
    expect(answer.body).toEqual({ status: 'removed' });
    await cloud.until(() => joins() === 1);
    expect(idsOf(a)).toEqual(['b']);
    expect(a.core.isJoined).toBe(true);
  });

  it('asks whoever says that it has left, and stays where it is still listed', async () => {
    const { cloud, a, b, joins } = await makeCloud();
    const { incarnation } = a.core.self;
    await cloud.clock.complete(b.send(a.address, 'left', { id: 'a' }));
    await cloud.clock.run(30_000);
    expect(cloud.to('b', 'status')).toHaveLength(1);
    expect(joins()).toBe(0);
    expect(a.core.self.incarnation).toBe(incarnation);
    expect(idsOf(a)).toEqual(['b']);
  });

  it('joins once, however often and from wherever it hears of it', async () => {
    const { cloud, a, b, host, joins } = await makeCloud();
    host.knows = false;
    for (let times = 0; times < 50; times++) {
      a.core.noteUnknownSender('b');
      void b.send(a.address, 'left', { id: 'a' });
      await cloud.clock.run(1);
    }
    await cloud.clock.run(30_000);
    expect(joins()).toBeGreaterThanOrEqual(1);
    expect(joins()).toBeLessThanOrEqual(2);
  });

  it.each([true, false])(
    'keeps to a limited rate where nothing helps (told /left: %s)',
    async (byLeft) => {
      const { cloud, a, b, host, joins } = await makeCloud();
      host.knows = false;
      host.letsIn = false;
      for (let second = 0; second < 600; second++) {
        if (byLeft) void b.send(a.address, 'left', { id: 'a' });
        else a.core.noteUnknownSender('b');
        await cloud.clock.run(1000);
      }
      expect(joins()).toBeGreaterThan(5);
      expect(joins()).toBeLessThan(30);
    },
  );

  it('gives a peer that has just joined time to become known', async () => {
    const cloud = new TestCloud();
    const [a] = await cloud.cloud(['a']);
    const c = cloud.peer('c', { seeds: [a!.address], ticks: false });
    await cloud.clock.run(100);
    c.core.noteUnknownSender('a');
    await cloud.clock.run(1000);
    expect(cloud.to('a', 'join')).toHaveLength(1);
    await cloud.clock.run(30_000);
    expect(cloud.to('a', 'join')).toHaveLength(1);
  });

  it('gives it more time where gossip is slow', async () => {
    const cloud = new TestCloud();
    const options = { directThreshold: 0, gossipInterval: 2000 };
    const seed = cloud.peer('s', { options });
    const seeds = [seed.address];
    const ids = Array.from({ length: 40 }, (_, index) => `p${index}`);
    for (const id of ids) cloud.peer(id, { options, seeds });
    await cloud.until(() => idsOf(seed).length === ids.length);
    await cloud.clock.run(60_000);
    expect(cloud.to('s', 'join')).toHaveLength(ids.length);
    const joins = cloud.requests.filter(({ endpoint }) => endpoint === 'join');
    expect(joins).toHaveLength(ids.length);
  });

  it('does not join a legacy member that says it has left', async () => {
    const cloud = new TestCloud();
    const [a, b] = await cloud.cloud(['a', 'b']);
    const legacy = cloud.legacy('legacy');
    await cloud.clock.complete(legacy.join(a!.address));
    await cloud.clock.run(3000);
    const body: JsonObject = { id: 'a' };
    legacy.peers = legacy.peers.filter(({ id }) => id !== 'a');
    const sent = legacy.process.transport.request(a!.address, 'left', body, {
      timeout: 1000,
    });
    expect((await cloud.clock.complete(sent)).body).toEqual({
      status: 'removed',
    });
    await cloud.until(() => legacy.ids.includes('a'));
    await cloud.clock.run(60_000);
    expect(cloud.to('legacy', 'join')).toEqual([]);
    expect(legacy.ids).toEqual(['a', 'b']);
    expect(idsOf(b!)).toEqual(['a', 'legacy']);
  });

  describe('where answers are lost', () => {
    it('asks the next member to be let in before the first one has had its time', async () => {
      const { cloud, a, hosts, sent } = await evicted(['b', 'c', 'd']);
      for (const id of ['b', 'c']) hosts.get(id)!.answersJoin = false;
      const { joinTimeout } = resolveMembershipOptions();
      void a.core.check('b');
      await cloud.until(() => hosts.get('d')!.knows, joinTimeout / 2);
      const incarnations = sent('join').map(({ body }) => body.incarnation);
      expect(new Set(incarnations).size).toBe(incarnations.length);
      for (const host of hosts.values()) host.knows = true;
      await cloud.clock.run(60_000);
      expect(sent('join').length).toBeLessThanOrEqual(3);
    });

    it('asks the only other member again, not one that refuses', async () => {
      const { cloud, a, hosts, sent } = await evicted(['b']);
      const host = hosts.get('b')!;
      host.answersJoin = false;
      void a.core.check('b');
      const { joinTimeout } = resolveMembershipOptions();
      await cloud.until(() => sent('join').length === 2, joinTimeout / 2);
      host.answersJoin = true;
      host.letsIn = false;
      await cloud.until(() => sent('join').length === 3, joinTimeout / 2);
      await cloud.clock.run(joinTimeout);
      expect(sent('join')).toHaveLength(3);
    });

    it('does not wait for a join that nobody answers once it is in', async () => {
      const { cloud, a, hosts, sent } = await evicted(['b', 'c']);
      hosts.get('b')!.answersJoin = false;
      void a.core.check('b');
      await cloud.until(() => hosts.get('c')!.knows, 1000);
      expect(sent('join').map(({ to }) => to)).toEqual(['b', 'c']);
      await cloud.clock.run(100);
      // The application may join elsewhere at once, though the first join still waits.
      const other = await makeMember(cloud, a, 'd');
      const joining = a.core.join([other.peer.address]);
      const start = cloud.clock.monotonic();
      expect(await cloud.settle(joining)).toBe(true);
      expect(cloud.clock.monotonic() - start).toBeLessThan(100);
    });

    it('asks nobody who was only heard of', async () => {
      const { cloud, a, hosts, sent } = await evicted(['b']);
      const names = Array.from({ length: 5 }, (_, index) =>
        cloud.fake(`x${index}`, { answer: () => new Promise(() => {}) }),
      );
      const members = names.map(({ id, address }) => {
        const record = { ...OURS, id, ...address, data: {}, incarnation: 1 };
        return { ...record, state: 'alive' };
      });
      await a.core.receiveSync({ members }, a.core.get('b')!);
      expect(idsOf(a)).toHaveLength(6);
      hosts.get('b')!.letsIn = false;
      void a.core.check('b');
      await cloud.clock.run(10_000);
      expect(new Set(sent('join').map(({ to }) => to))).toEqual(new Set(['b']));
    });

    it('sends a bounded number of joins to a cloud that lets it in nowhere', async () => {
      const ids = ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
      const { cloud, a, hosts, sent } = await evicted(ids);
      for (const host of hosts.values()) host.letsIn = false;
      for (let second = 0; second < 600; second++) {
        void a.core.check(ids[second % ids.length]);
        await cloud.clock.run(1000);
      }
      expect(sent('join').length).toBeGreaterThan(30);
      expect(sent('join').length).toBeLessThan(150);
    });

    it('asks nobody else where the first one answers', async () => {
      const { cloud, a, hosts, sent } = await evicted(['b', 'c', 'd']);
      void a.core.check('b');
      await cloud.until(() => hosts.get('b')!.knows, 100);
      for (const host of hosts.values()) host.knows = true;
      await cloud.clock.run(60_000);
      expect(sent('join').map(({ to }) => to)).toEqual(['b']);
    });

    it('goes on through the others where one refuses', async () => {
      const { cloud, a, hosts } = await evicted(['b', 'c']);
      hosts.get('b')!.letsIn = false;
      void a.core.check('b');
      await cloud.until(() => hosts.get('c')!.knows, 100);
    });

    it('takes the word of another member where the first one is silent when asked again', async () => {
      const { cloud, a, hosts, sent } = await evicted(['b', 'c']);
      hosts.get('b')!.answersStatus = false;
      a.core.noteUnknownSender('b');
      await cloud.clock.run(50);
      expect(sent('join')).toEqual([]);
      void a.core.check('c');
      await cloud.until(() => hosts.get('b')!.knows, 100);
    });

    it('does not take the word of a member that is leaving', async () => {
      const { cloud, a, hosts, sent } = await evicted(['b']);
      const leaving = await makeMember(cloud, a, 'd');
      await cloud.clock.run(20_000);
      leaving.host.knows = false;
      leaving.host.leaves = true;
      hosts.get('b')!.answersStatus = false;
      a.core.noteUnknownSender('b');
      await cloud.clock.run(50);
      void a.core.check('d');
      await cloud.clock.run(10_000);
      expect(sent('join')).toEqual([]);
    });

    it('asks again as long as nobody answers, three times at most', async () => {
      const { cloud, a, hosts, sent } = await evicted(['b']);
      a.core.noteUnknownSender('b');
      hosts.get('b')!.answersStatus = false;
      await cloud.clock.run(30_000);
      expect(sent('status')).toHaveLength(3);
      a.core.noteUnknownSender('b');
      await cloud.until(() => sent('status').length === 4);
      hosts.get('b')!.answersStatus = true;
      await cloud.until(() => sent('join').length === 1);
    });
  });

  it('asks some members at once after a stall whether they still list this peer', async () => {
    const { cloud, a, hosts, sent } = await evicted(['b', 'c', 'd', 'e']);
    await cloud.clock.complete(a.core.tick());
    for (const host of hosts.values()) host.knows = true;
    await cloud.clock.run(20_000);
    for (const host of hosts.values()) host.knows = false;
    cloud.requests.length = 0;
    void a.core.tick();
    await cloud.clock.run(1);
    // With the check that was due.
    expect(sent('status').length).toBe(4);
    expect(
      new Set(sent('status').map(({ to }) => to)).size,
    ).toBeGreaterThanOrEqual(3);
    await cloud.until(() => sent('join').length === 1, 100);
  });

  it('is of no use to a peer that leaves', async () => {
    const { cloud, a, b, host, joins } = await makeCloud();
    host.knows = false;
    const leaving = a.core.leave();
    a.core.noteUnknownSender('b');
    void b.send(a.address, 'left', { id: 'a' });
    await cloud.clock.complete(leaving);
    await cloud.clock.run(30_000);
    expect(joins()).toBe(0);
  });
});
