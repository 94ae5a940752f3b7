import type { JsonObject } from '../../../wire/json.js';
import {
  MAX_GOSSIP_BYTES,
  resolveMembershipOptions,
} from '../options/membership.options.js';
import {
  idsOf,
  TestCloud,
  type SeenRequest,
} from '../testing-support/test-cloud.js';

/** Large enough for gossip, as everybody has the same low threshold. */
const GOSSIP = { options: { directThreshold: 2 } };

const updatesOf = ({ body }: SeenRequest) =>
  (body.ext as { updates?: { id: string; state: string }[] } | undefined)
    ?.updates ?? [];

describe('gossip', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];

  it('spreads a join to everybody without a single /joined', async () => {
    const cloud = new TestCloud();
    const peers = await cloud.cloud(names, GOSSIP);
    cloud.requests.length = 0;
    cloud.peer('new', { seeds: [peers[0]!.address], ...GOSSIP });
    await cloud.until(
      () => peers.every((peer) => idsOf(peer).includes('new')),
      3000,
    );
    expect(
      cloud.requests.filter(({ endpoint }) => endpoint === 'joined'),
    ).toEqual([]);
  });

  it('passes updates on at once after a rest, then keeps to its interval', async () => {
    const cloud = new TestCloud();
    const { gossipInterval } = resolveMembershipOptions();
    const [a] = await cloud.cloud(names, { ...GOSSIP, ticks: false });
    await cloud.clock.run(60_000);
    cloud.requests.length = 0;
    const start = cloud.clock.monotonic();
    const rounds: number[] = [];
    void a!.core.update({ version: 1 });
    while (rounds.length < 2) {
      await cloud.clock.run(1);
      const sent = cloud.requests.splice(0).some(({ from }) => from === 'a');
      if (sent) {
        rounds.push(cloud.clock.monotonic() - start);
      }
      expect(cloud.clock.monotonic()).toBeLessThan(start + 60_000);
    }
    expect(rounds[0]).toBeLessThan(gossipInterval / 2);
    expect(rounds[1]! - rounds[0]!).toBeGreaterThan(gossipInterval * 0.8);
  });

  it('is silent while there are no updates: checks only', async () => {
    const cloud = new TestCloud();
    await cloud.cloud(names, { ...GOSSIP, ticks: false });
    await cloud.clock.run(60_000);
    cloud.requests.length = 0;
    await cloud.clock.run(60_000);
    expect(cloud.requests).toEqual([]);
  });

  it('spreads new data, and never undoes it by old updates', async () => {
    const cloud = new TestCloud();
    const peers = await cloud.cloud(names, GOSSIP);
    for (let version = 1; version <= 3; version++) {
      void peers[3]!.core.update({ version });
      await cloud.clock.run(70);
    }
    await cloud.clock.run(10_000);
    for (const peer of peers) {
      if (peer !== peers[3]) {
        expect(peer.core.get('d')?.data).toEqual({ version: 3 });
      }
    }
  });

  it('spreads a leave, a death and a replacement', async () => {
    const cloud = new TestCloud();
    const peers = await cloud.cloud(names, GOSSIP);
    const [a, b, c, d] = peers;
    void d!.core.leave();
    c!.process.crash();
    c!.core.stop();
    b!.process.crash();
    b!.core.stop();
    cloud.peer('b2', { ...b!.address, seeds: [a!.address], ...GOSSIP });
    await cloud.until(
      () =>
        idsOf(a!).join() === 'b2,e,f' && idsOf(peers[5]!).join() === 'a,b2,e',
      30_000,
    );
  });

  it('contradicts a suspicion of itself under a higher incarnation, at once', async () => {
    const cloud = new TestCloud();
    const [a, b] = await cloud.cloud(names, GOSSIP);
    const { incarnation } = b!.core.self;
    const updates = [{ id: 'b', incarnation, state: 'suspect', by: 'a' }];
    const answer = await b!.core.receiveStatus(
      { ext: { updates, seen: incarnation } },
      { remoteAddress: a!.address.ip, senderId: 'a' },
    );
    expect(answer.incarnation).toBe(incarnation + 1);
    expect(answer.ext?.updates).toMatchObject([
      { id: 'b', incarnation: incarnation + 1, state: 'alive' },
    ]);
    await cloud.until(
      () => a!.core.get('b')?.incarnation === incarnation + 1,
      5000,
    );
  });

  it('takes a higher incarnation of its own for its past, and goes above it', async () => {
    const cloud = new TestCloud();
    const [a, b] = await cloud.cloud(['a', 'b'], GOSSIP);
    const seen = b!.core.self.incarnation + 500;
    const origin = { remoteAddress: a!.address.ip, senderId: 'a' };
    await b!.core.receiveStatus({ ext: { seen } }, origin);
    expect(b!.core.self.incarnation).toBe(seen + 1);
    await b!.core.receiveStatus(
      { ext: { seen: cloud.clock.now() + 48 * 3_600_000 } },
      origin,
    );
    expect(b!.core.self.incarnation).toBe(seen + 1);
  });

  it('keeps to 64 KiB a body, the own record included', async () => {
    const cloud = new TestCloud();
    const [a] = await cloud.cloud(['a', 'b', 'c'], { ...GOSSIP, ticks: false });
    const origin = { remoteAddress: '10.0.0.2', senderId: 'b' };
    const sent: { ids: unknown[]; bytes: number }[] = [];
    for (const own of [1000, 20_000, 31_000]) {
      const members = ['x', 'y', 'z'].map((id) => ({
        id: `${id}${own}`,
        ip: '10.6.0.1',
        port: own + id.charCodeAt(0),
        data: { text: 'é'.repeat(10_000) },
        incarnation: 1,
        state: 'alive',
      }));
      await a!.core.receiveSync({ members }, a!.core.get('c')!);
      void a!.core.update({ text: 'é'.repeat(own) });
      const answer = await a!.core.receiveStatus({ ext: { seen: 0 } }, origin);
      const updates = answer.ext!.updates as JsonObject[];
      sent.push({
        ids: updates.map(({ id }) => id),
        bytes: Buffer.byteLength(JSON.stringify(answer.ext)),
      });
    }
    for (const { ids, bytes } of sent) {
      expect(ids[0]).toBe('a');
      expect(bytes).toBeLessThanOrEqual(MAX_GOSSIP_BYTES);
    }
    expect(sent.map(({ ids }) => ids.length)).toEqual([4, 2, 1]);
  });

  it('keeps to its bounds: 32 items a body, each sent a bounded number of times', async () => {
    const cloud = new TestCloud();
    const [a] = await cloud.cloud(['a', 'b', 'c'], { ...GOSSIP, ticks: false });
    await cloud.clock.run(30_000);
    cloud.requests.length = 0;
    const members = Array.from({ length: 100 }, (_, n) => ({
      id: `x${n}`,
      ip: '10.6.0.1',
      port: 1000 + n,
      data: {},
      incarnation: 1,
      state: 'alive',
    }));
    await a!.core.receiveSync({ members }, a!.core.get('b')!);
    await cloud.clock.run(60_000);
    const sent = cloud.requests
      .filter(({ from }) => from === 'a')
      .map(updatesOf);
    expect(Math.max(...sent.map(({ length }) => length))).toBe(32);
    const times = sent.flat().filter(({ id }) => id === 'x50').length;
    expect(times).toBeGreaterThan(0);
    expect(times).toBeLessThanOrEqual(12);
    expect(sent.length).toBeLessThan(200);
  });

  it('becomes rarer where answers come later than a check waits', async () => {
    const requestsWith = async (oneWay: number) => {
      const cloud = new TestCloud();
      const options = { ...GOSSIP.options, requestTimeout: 5000 };
      const [a] = await cloud.cloud(names, { options, ticks: false });
      await cloud.clock.run(60_000);
      cloud.network.latency = () => oneWay;
      cloud.requests.length = 0;
      for (let version = 0; version < 60; version++) {
        void a!.core.update({ version });
        await cloud.clock.run(500);
      }
      return cloud.requests.filter(({ from }) => from === 'a').length;
    };
    const prompt = await requestsWith(1);
    expect(await requestsWith(100)).toBeGreaterThan(prompt * 0.8);
    expect(await requestsWith(400)).toBeLessThan(prompt * 0.3);
  });
});
