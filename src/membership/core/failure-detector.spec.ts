import type { PeerTransport } from '../../transport/peer-transport.interface.js';
import { TransportError } from '../../transport/transport.error.js';
import type { JsonObject } from '../../wire/json.js';
import type { FakePeer } from './testing-support/fake-peer.js';
import {
  TestCloud,
  told,
  type TestPeer,
  type TestPeerOptions,
} from './testing-support/test-cloud.js';

const OURS = { features: ['update', 'gossip', 'probe', 'sync'] };

/** A question that is never answered. */
const never = new Promise<JsonObject>(() => {});

/** A core that checks when it is told to, and others that know it and each other. */
async function makeCloud(
  ids: readonly string[],
  options: TestPeerOptions = {},
) {
  const cloud = new TestCloud();
  const a = cloud.peer('a', { ticks: false, ...options });
  const others: Record<string, TestPeer> = {};
  for (const id of ids) {
    others[id] = cloud.peer(id, { seeds: [a.address], ticks: false });
    await cloud.clock.run(100);
  }
  await cloud.clock.run(15_000);
  a.events.length = 0;
  cloud.requests.length = 0;
  const check = (id: string) => cloud.clock.complete(a.core.check(id));
  return { cloud, a, others, check };
}

/** Adds a member without a mind, which answers while `mute` is false. */
async function addFake(cloud: TestCloud, a: TestPeer, id: string) {
  const control = { mute: false, status: {} as JsonObject };
  const fake = cloud.fake(id, {
    answer: (endpoint) => {
      if (endpoint !== 'status') return undefined;
      if (control.mute) return never;
      const ext = { updates: [] };
      return {
        id,
        online: true,
        ...OURS,
        incarnation: 5,
        ext,
        ...control.status,
      };
    },
  });
  await cloud.clock.complete(fake.join(a.address, { ...OURS, incarnation: 5 }));
  await cloud.clock.run(2000);
  a.events.length = 0;
  cloud.requests.length = 0;
  return Object.assign(control, { fake });
}

function tell(cloud: TestCloud, a: TestPeer, fake: FakePeer, news: JsonObject) {
  const body = { ext: { updates: [news] } };
  return cloud.clock.complete(fake.send(a.address, 'status', body));
}

const left = ({ events }: TestPeer) =>
  events.some(({ type }) => type === 'peer.left');

describe('a check', () => {
  it('finds a member that answers', async () => {
    const { cloud, a, check } = await makeCloud(['b', 'c']);
    expect(await check('b')).toMatchObject({
      id: 'b',
      online: true,
      status: { id: 'b', joined: true },
    });
    expect(cloud.to('b', 'status')).toHaveLength(1);
    expect(told(a)).toEqual([]);
  });

  it('knows nothing of strangers', async () => {
    const { cloud, check } = await makeCloud(['b']);
    expect(await check('x')).toEqual({ id: 'x', online: false });
    expect(cloud.requests).toEqual([]);
  });

  it('asks a second time before it asks others', async () => {
    const { cloud, a, check } = await makeCloud(['c']);
    const b = await addFake(cloud, a, 'b');
    b.mute = true;
    const checked = a.core.check('b');
    await cloud.clock.run(200);
    b.mute = false;
    expect(await cloud.clock.complete(checked)).toMatchObject({ online: true });
    expect(cloud.to('b', 'status')).toHaveLength(2);
    expect(cloud.to('c', 'status')).toEqual([]);
    expect(await check('b')).toMatchObject({ online: true });
    expect(told(a)).toEqual([]);
  });

  it.each(['both directions', 'the answers', 'the requests'])(
    'is saved by others where %s of the link are cut',
    async (which) => {
      const { cloud, a, others, check } = await makeCloud(['b', 'c', 'd']);
      const [from, to] = [[a.address.ip], [others.b!.address.ip]];
      if (which !== 'the answers') cloud.network.links.cut(from, to);
      if (which !== 'the requests') cloud.network.links.cut(to, from);
      expect(await check('b')).toEqual({ id: 'b', online: true });
      expect(told(a)).toEqual([]);
      const asked = [...cloud.to('c', 'status'), ...cloud.to('d', 'status')];
      expect(
        asked.filter(({ body }) => (body.ext as JsonObject).probe === 'b'),
      ).toHaveLength(2);
    },
  );

  it('makes a suspect of a member that nobody reaches', async () => {
    const { cloud, a, others, check } = await makeCloud(['b', 'c', 'd']);
    others.b!.process.stall();
    expect(await check('b')).toMatchObject({ online: false });
    expect(told(a)).toEqual(['peer.suspected b']);
    expect(a.core.get('b')).toMatchObject({ state: 'suspect' });
    await cloud.until(() => left(a));
    expect(told(a)).toEqual(['peer.suspected b', 'peer.left b dead']);
  });

  it('is certain where a second peer finds a refused connection too', async () => {
    const { cloud, a, others, check } = await makeCloud(['b', 'c', 'd']);
    others.b!.process.crash();
    const start = cloud.clock.monotonic();
    expect(await check('b')).toMatchObject({ online: false });
    expect(cloud.clock.monotonic() - start).toBeLessThan(500);
    expect(told(a)).toEqual(['peer.left b dead']);
  });

  it('believes others more than a connection refused to itself alone', async () => {
    const own: { transport?: PeerTransport } = {};
    const transport: PeerTransport = {
      request: (target, ...rest) =>
        target.id === 'b'
          ? Promise.reject(new TransportError('REFUSED', 'by a firewall'))
          : own.transport!.request(target, ...rest),
    };
    const cloud = new TestCloud();
    const a = cloud.peer('a', { ticks: false, env: { transport } });
    own.transport = a.process.transport;
    await cloud.cloud(['b', 'c'], { seeds: [a.address] });
    expect(await cloud.clock.complete(a.core.check('b'))).toMatchObject({
      online: true,
    });
    expect(told(a).join()).not.toContain('left');
  });

  it('tries a refused connection three times where there is nobody to ask', async () => {
    const { cloud, a, others, check } = await makeCloud(['b']);
    others.b!.process.crash();
    const start = cloud.clock.monotonic();
    expect(await check('b')).toMatchObject({ online: false });
    expect(cloud.clock.monotonic() - start).toBeGreaterThanOrEqual(500);
    expect(told(a)).toEqual(['peer.left b dead', 'cloud.left']);
  });

  it('ends a member at whose address another id answers', async () => {
    const { cloud, a, others, check } = await makeCloud(['b', 'c']);
    others.b!.process.crash();
    cloud.fake('new', others.b!.address);
    expect(await check('b')).toEqual({ id: 'b', online: false });
    expect(told(a)).toEqual(['peer.left b replaced']);
  });

  it('lets a member without an id in its answer be', async () => {
    const { cloud, a, check } = await makeCloud(['c']);
    const b = await addFake(cloud, a, 'b');
    b.status = { id: null as never };
    expect(await check('b')).toMatchObject({ online: true });
    expect(told(a)).toEqual([]);
  });

  it('ends a member that says it is leaving', async () => {
    const { cloud, a, check } = await makeCloud(['c']);
    const b = await addFake(cloud, a, 'b');
    b.status = { online: false };
    expect(await check('b')).toMatchObject({ online: false });
    expect(told(a)).toEqual(['peer.left b left']);
  });

  it('doubts itself where nobody answers at all, and waits longer then', async () => {
    const { cloud, a, check } = await makeCloud(['b', 'c', 'd']);
    const rest = ['b', 'c', 'd'].map((id) => a.core.get(id)!.ip);
    cloud.network.links.part([a.address.ip], rest);
    const took = async () => {
      const start = cloud.clock.monotonic();
      await check('b');
      return cloud.clock.monotonic() - start;
    };
    const first = await took();
    expect(await took()).toBeGreaterThanOrEqual(first * 2);
  });

  it('is made for another one only of members, never of addresses', async () => {
    const { cloud, a } = await makeCloud(['c']);
    const b = await addFake(cloud, a, 'b');
    const ask = (probe: JsonObject | string) =>
      cloud.clock.complete(
        b.fake.send(a.address, 'status', { ext: { probe } }),
      );
    expect((await ask('c')).body).toMatchObject({
      ext: { probe: { id: 'c', online: true, refused: false } },
    });
    cloud.requests.length = 0;
    for (const probe of ['x', '10.0.0.9:9338', { id: 'c', ip: '10.0.0.9' }]) {
      const { body } = await ask(probe);
      expect((body as { ext: JsonObject }).ext.probe).toBeUndefined();
    }
    expect(cloud.requests.every(({ to }) => to === 'a')).toBe(true);
  });
});

/** After memberlist's state and suspicion tests. */
describe('a suspicion', () => {
  const suspect = (by: string, incarnation = 5) => ({
    id: 'b',
    incarnation,
    state: 'suspect',
    by,
  });

  it('is refuted by the suspect itself', async () => {
    const { cloud, a, others } = await makeCloud(['b', 'c']);
    const c = await addFake(cloud, a, 'fake');
    const { incarnation } = others.b!.core.self;
    await tell(cloud, a, c.fake, suspect('fake', incarnation));
    expect(told(a)).toEqual(['peer.suspected b']);
    await cloud.until(() => a.core.get('b')?.state === 'alive');
    expect(told(a)).toEqual(['peer.suspected b', 'peer.recovered b']);
    expect(a.core.get('b')!.incarnation).toBeGreaterThan(incarnation);
  });

  it('of this peer is refuted to all', async () => {
    const { cloud, a, others } = await makeCloud(['b', 'c']);
    const { fake } = await addFake(cloud, a, 'fake');
    const { incarnation } = a.core.self;
    const news = { id: 'a', state: 'suspect', by: 'fake' };
    await tell(cloud, a, fake, { ...news, incarnation: incarnation - 1 });
    expect(a.core.self.incarnation).toBe(incarnation);
    await tell(cloud, a, fake, { ...news, incarnation });
    expect(a.core.self.incarnation).toBe(incarnation + 1);
    const known = () =>
      Object.values(others).every(
        ({ core }) => core.get('a')?.incarnation === incarnation + 1,
      );
    await cloud.until(known);
  });

  it('of this peer with an incarnation that cannot be is not believed', async () => {
    const { cloud, a } = await makeCloud(['b']);
    const { fake } = await addFake(cloud, a, 'fake');
    const { incarnation } = a.core.self;
    for (const state of ['suspect', 'dead', 'left'])
      await tell(cloud, a, fake, {
        id: 'a',
        incarnation: incarnation + 25 * 3_600_000,
        state,
      });
    expect(a.core.self.incarnation).toBe(incarnation);
  });

  it('that is older than what is known changes nothing', async () => {
    const { cloud, a } = await makeCloud(['c']);
    await addFake(cloud, a, 'b');
    const { fake } = await addFake(cloud, a, 'fake');
    await tell(cloud, a, fake, suspect('fake', 4));
    expect(told(a)).toEqual([]);
  });

  async function timeToDeath(accusers: readonly string[]): Promise<number> {
    const { cloud, a } = await makeCloud([]);
    const b = await addFake(cloud, a, 'b');
    const fakes: FakePeer[] = [];
    for (const id of ['w', 'x', 'y', 'z'])
      fakes.push((await addFake(cloud, a, id)).fake);
    b.mute = true;
    const start = cloud.clock.monotonic();
    for (const by of accusers) {
      const from = fakes.find(({ id }) => id === by) ?? fakes[0]!;
      await tell(cloud, a, from, suspect(by));
    }
    await cloud.until(() => left(a));
    return cloud.clock.monotonic() - start;
  }

  it('lasts shorter the more others share it', async () => {
    const alone = await timeToDeath(['w']);
    const two = await timeToDeath(['w', 'x']);
    const four = await timeToDeath(['w', 'x', 'y', 'z']);
    expect(alone).toBeGreaterThanOrEqual(24_000);
    expect(two).toBeLessThan(alone - 5000);
    expect(four).toBeGreaterThanOrEqual(4000);
    expect(four).toBeLessThan(6000);
  });

  it('is not shortened by one that repeats itself, nor by invented accusers', async () => {
    const times = await timeToDeath(['w', 'w', 'w', 'w', 'nobody', 'no one']);
    expect(times).toBeGreaterThanOrEqual(24_000);
  });

  it('ends with one last check, which may save the member', async () => {
    const { cloud, a, check } = await makeCloud(['c']);
    const b = await addFake(cloud, a, 'b');
    b.mute = true;
    await check('b');
    expect(told(a)).toEqual(['peer.suspected b']);
    b.mute = false;
    await cloud.until(() => told(a).length > 1);
    expect(told(a)).toEqual(['peer.suspected b', 'peer.recovered b']);
    await cloud.clock.run(60_000);
    expect(left(a)).toBe(false);
  });

  it('ends without a check where the member was heard on another way', async () => {
    const { cloud, a, check } = await makeCloud(['c']);
    const b = await addFake(cloud, a, 'b');
    b.mute = true;
    await check('b');
    a.core.noteAlive('b');
    await cloud.until(() => told(a).length > 1);
    expect(told(a)).toEqual(['peer.suspected b', 'peer.recovered b']);
  });

  it('is answered for a legacy member by whoever hears it', async () => {
    const { cloud, a, check } = await makeCloud(['c']);
    const legacy = cloud.legacy('legacy');
    await cloud.clock.complete(legacy.join(a.address));
    const before = a.core.get('legacy')!.incarnation;
    legacy.process.stall();
    await check('legacy');
    legacy.process.wake();
    await check('legacy');
    expect(a.core.get('legacy')).toMatchObject({
      state: 'alive',
      incarnation: before + 1,
    });
  });

  it('does not outlast a leave', async () => {
    const { cloud, a, check } = await makeCloud(['c']);
    const b = await addFake(cloud, a, 'b');
    b.mute = true;
    await check('b');
    await tell(cloud, a, b.fake, { id: 'x', incarnation: 1, state: 'left' });
    await cloud.clock.complete(b.fake.send(a.address, 'left', { id: 'b' }));
    await cloud.clock.run(60_000);
    expect(told(a)).toEqual(['peer.suspected b', 'peer.left b left']);
  });
});
