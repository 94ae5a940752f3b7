import type {
  PeerAnswer,
  PeerTransport,
} from '../../../transport/peer-transport.interface.js';
import { SeededRandom } from '../../../testing/network/seeded-random.js';
import { TransportError } from '../../../transport/transport.error.js';
import type { JsonObject } from '../../../wire/json.js';
import { addFake, left, makeCloud } from '../testing-support/checked-cloud.js';
import { GOSSIP, makeList, member } from '../testing-support/listed.js';
import { TestCloud, told } from '../testing-support/test-cloud.js';
import type { CoreContext } from '../context.js';
import { dueUnconfirmed, FailureDetector } from './failure-detector.js';
import { LocalHealth } from './local-health.js';
import { ProbeRing } from './probe-ring.js';
import type { Prober } from './prober.js';

/** Checks a member whose answer to `/status` is given here. */
async function checkOfB(answer: () => Promise<PeerAnswer>) {
  const own: { transport?: PeerTransport } = {};
  const transport: PeerTransport = {
    request: (target, endpoint, ...rest) =>
      target.id === 'b' && endpoint === 'status'
        ? answer()
        : own.transport!.request(target, endpoint, ...rest),
  };
  const cloud = new TestCloud();
  const a = cloud.peer('a', { ticks: false, env: { transport } });
  own.transport = a.process.transport;
  await cloud.cloud(['b'], { seeds: [a.address] });
  return { a, checked: await cloud.clock.complete(a.core.check('b')) };
}

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

  it.each([
    [403, { statusCode: 403, message: 'Forbidden resource' }, true],
    [413, { statusCode: 413, code: 'BODY_TOO_LARGE' }, true],
    [429, { statusCode: 429, code: 'TOO_MANY_REQUESTS' }, true],
    [404, { statusCode: 404, error: 'Not Found' }, false],
    [403, { error: 'a server that is no peer' }, false],
    [500, { statusCode: 500, code: 'INTERNAL' }, false],
    [503, { statusCode: 503, code: 'LEAVING' }, false],
  ])(
    'takes an answer of %i with %o for a sign of life: %s',
    async (status, body, online) => {
      const { a, checked } = await checkOfB(async () => ({ status, body }));
      expect(checked.online).toBe(online);
      expect(a.core.get('b')?.state).toBe(online ? 'alive' : 'suspect');
    },
  );

  it('says nothing about the member where this peer has no connection to spare', async () => {
    const { a } = await checkOfB(() =>
      Promise.reject(new TransportError('OVERLOADED', 'all are in use')),
    );
    expect(a.core.get('b')?.state).toBe('alive');
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
      if (which !== 'the answers') {
        cloud.network.links.cut(from, to);
      }
      if (which !== 'the requests') {
        cloud.network.links.cut(to, from);
      }
      expect(await check('b')).toEqual({ id: 'b', online: true });
      expect(told(a)).toEqual([]);
      const asked = [...cloud.to('c', 'status'), ...cloud.to('d', 'status')];
      expect(
        asked.filter(({ body }) => (body.ext as JsonObject).probe === 'b'),
      ).toHaveLength(2);
    },
  );

  describe('a suspect that says that it is alive', () => {
    /** A member that nobody reaches while it is mute; `word` is its own call. */
    async function mute() {
      const { cloud, a, check } = await makeCloud(['b', 'c']);
      const f = await addFake(cloud, a, 'f');
      let incarnation = 5;
      const word = () =>
        cloud.clock.complete(
          f.fake.send(a.address, 'update', {
            id: 'f',
            data: { word: ++incarnation },
            incarnation,
          }),
        );
      const state = () => a.core.get('f')?.state;
      const suspectAndHear = async () => {
        f.mute = true;
        await check('f');
        expect(state()).toBe('suspect');
        await word();
      };
      return { cloud, a, f, check, state, suspectAndHear };
    }

    it('is believed, but not again and again without an answer in between', async () => {
      const { cloud, a, state, suspectAndHear } = await mute();
      await suspectAndHear();
      expect(state()).toBe('alive');
      await suspectAndHear();
      expect(state()).toBe('alive');
      await suspectAndHear();
      expect(state()).toBe('suspect');
      expect(a.core.get('f')?.data).toEqual({ word: 8 });
      await cloud.until(() => left(a));
      expect(told(a).at(-1)).toBe('peer.left f dead');
    });

    it('is believed again once it has answered', async () => {
      const { f, check, state, suspectAndHear } = await mute();
      for (let round = 0; round < 3; round++) {
        await suspectAndHear();
        await suspectAndHear();
        f.mute = false;
        await check('f');
      }
      expect(state()).toBe('alive');
    });

    it('is one no more when its time is up, where it answers then', async () => {
      const { cloud, a, f, state, suspectAndHear } = await mute();
      await suspectAndHear();
      await suspectAndHear();
      await suspectAndHear();
      f.mute = false;
      await cloud.until(() => state() === 'alive');
      expect(left(a)).toBe(false);
    });
  });

  it('makes a suspect of a member that nobody reaches', async () => {
    const { cloud, a, others, check } = await makeCloud(['b', 'c', 'd']);
    others.b!.process.stall();
    expect(await check('b')).toMatchObject({ online: false });
    expect(told(a)).toEqual(['peer.suspected b']);
    expect(a.core.get('b')).toMatchObject({ state: 'suspect' });
    await cloud.until(() => left(a));
    expect(told(a)).toEqual(['peer.suspected b', 'peer.left b dead']);
  });

  it.each([
    [['b'], 2000],
    [['b', 'c', 'd'], 4000],
  ])(
    'gives members %o that an isolated peer suspects all %i ms to contradict',
    async (ids, ms) => {
      const { cloud, a } = await makeCloud(ids, { ticks: true });
      const at = new Map<string, number>();
      a.core.onEvent((event) => {
        if ('member' in event) {
          at.set(`${event.type} ${event.member.id}`, cloud.clock.monotonic());
        }
      });
      const rest = ids.map((id) => a.core.get(id)!.ip);
      cloud.network.links.part([a.address.ip], rest);
      await cloud.until(() => told(a).includes('cloud.left'));
      for (const id of ids) {
        const time =
          at.get(`peer.left ${id}`)! - at.get(`peer.suspected ${id}`)!;
        expect(time).toBeGreaterThanOrEqual(ms);
        // A last check comes on top.
        expect(time).toBeLessThan(2 * ms);
      }
    },
  );

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

  it('asks others where the way to a member leads to another one', async () => {
    const { cloud, a, check } = await makeCloud(['c', 'd']);
    const b = await addFake(cloud, a, 'b');
    b.status = { id: 'c' };
    await check('b');
    expect(told(a)).toEqual(['peer.suspected b']);
    b.status = { id: 'a' };
    await check('b');
    expect(a.core.get('b')).toBeDefined();
    b.status = {};
    expect(await check('b')).toMatchObject({ online: true });
    expect(told(a)).toEqual(['peer.suspected b', 'peer.recovered b']);
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

  it('of another peer that fails says so, and suspects nobody', async () => {
    const { cloud, a } = await makeCloud(['c']);
    const b = await addFake(cloud, a, 'b');
    const silent = await addFake(cloud, a, 'silent');
    silent.mute = true;
    const body = { ext: { probe: 'silent' } };
    const asked = b.fake.send(a.address, 'status', body);
    expect((await cloud.clock.complete(asked)).body).toMatchObject({
      ext: { probe: { id: 'silent', online: false, refused: false } },
    });
    expect(a.core.get('silent')?.state).toBe('alive');
    expect(told(a)).toEqual([]);
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

/** Lifeguard: a slow peer takes care of itself first. */
describe('a period', () => {
  it.each([
    [0, 12],
    [1, 6],
    [2, 4],
    [5, 2],
  ])(
    'in a peer that is not well checks less often (score %i: %i times in twelve)',
    async (score, times) => {
      const { clock, events, list } = makeList();
      list.apply(member('b'), GOSSIP);
      const ring = new ProbeRing(new SeededRandom(1));
      ring.add('b');
      const health = new LocalHealth(8, () => 0, clock);
      health.note(score);
      const checked: string[] = [];
      const prober: Partial<Prober> = {
        probe: async ({ id }) => {
          checked.push(id);
          return { kind: 'unsure' };
        },
      };
      const detector = new FailureDetector(
        { list, events, life: { active: true } } as unknown as CoreContext,
        ring,
        prober as Prober,
        health,
      );
      for (let tick = 0; tick < 12; tick++) {
        await detector.tick();
      }
      expect(checked).toEqual(Array(times).fill('b'));
    },
  );
});

/** Members whose turn it is in two periods, after so many were named. */
function checksAmong(names: number): string[] {
  const { list } = makeList({ maxPeers: 10_000, maxHearsay: 10_000 });
  for (let n = 0; n < names; n++) {
    list.apply(member(`x${n}`, 1, { port: n + 1 }), GOSSIP);
  }
  return [1, 2].flatMap(() => dueUnconfirmed(list).map(({ id }) => id));
}

describe('dueUnconfirmed', () => {
  it('leaves a few names to the usual round', () => {
    expect(checksAmong(50)).toEqual([]);
  });

  it('checks the more the more there are, each in its turn', () => {
    expect(checksAmong(64)).toEqual(['x0', 'x1']);
    expect(checksAmong(200)).toHaveLength(6);
  });

  it('checks so many at most', () => {
    expect(checksAmong(9000)).toHaveLength(32);
  });
});
