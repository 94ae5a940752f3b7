import type {
  PeerAnswer,
  PeerTransport,
} from '../../../transport/peer-transport.interface.js';
import { SeededRandom } from '../../../testing/network/seeded-random.js';
import { TransportError } from '../../../transport/transport.error.js';
import type { JsonObject } from '../../../wire/json.js';
import { addFake, left, makeCloud } from '../testing-support/checked-cloud.js';
import {
  GOSSIP,
  makeList,
  member,
  VERIFIED,
} from '../testing-support/listed.js';
import { TestCloud, told } from '../testing-support/test-cloud.js';
import type { CoreContext } from '../context.js';
import type { CoreEvents } from '../core-events.js';
import type { CoreLogger } from '../membership.types.js';
import type { MemberRecord, StateUpdate } from '../member-list/index.js';
import { resolveMembershipOptions } from '../options/membership.options.js';
import { dueUnconfirmed, FailureDetector } from './failure-detector.js';
import { LocalHealth } from './local-health.js';
import { ProbeRing } from './probe-ring.js';
import type { Prober, Verdict } from './prober.js';

/** Checks a member whose answer to `/status` is given here. */
async function checkOfB(
  answer: () => Promise<PeerAnswer>,
  logger?: CoreLogger,
) {
  const own: { transport?: PeerTransport } = {};
  const transport: PeerTransport = {
    request: (target, endpoint, ...rest) =>
      target.id === 'b' && endpoint === 'status'
        ? answer()
        : own.transport!.request(target, endpoint, ...rest),
  };
  const cloud = new TestCloud();
  const a = cloud.peer('a', {
    ticks: false,
    env: { transport, ...(logger && { logger }) },
  });
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
    [429, undefined, true],
    [503, { statusCode: 503, code: 'FST_UNDER_PRESSURE' }, true],
    [503, undefined, false],
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

  it.each([429, 503])(
    'warns of what turns checks away with %i, though the member counts as there',
    async (status) => {
      const warn = vi.fn();
      const logger = { debug: vi.fn(), log: vi.fn(), warn };
      const body = { statusCode: status };
      await checkOfB(async () => ({ status, body }), logger);
      expect(warn.mock.calls).toEqual([
        [expect.stringMatching(new RegExp(`^b at .*\\(status ${status}\\)`))],
      ]);
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
    const a = cloud.peer('a', {
      ticks: false,
      env: { transport },
    });
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

/** A detector, and checks that end as the test says. */
function makeDetector() {
  const { clock, list, changes, heard, ...made } = makeList();
  const events = made.events as unknown as CoreEvents;
  const ring = new ProbeRing(new SeededRandom(1));
  const health = new LocalHealth(8, () => 0, clock);
  const life = { active: true };
  const checks: string[] = [];
  const verdicts: (Partial<Verdict> | Promise<Partial<Verdict>>)[] = [];
  const answer = async (how: string, id: string) => {
    checks.push(`${how} ${id} at ${clock.monotonic()}`);
    return { kind: 'unsure', ...(await verdicts.shift()) } as Verdict;
  };
  const prober = {
    probe: ({ id }: MemberRecord) => answer('probe', id),
    direct: ({ id }: MemberRecord) => answer('direct', id),
  };
  const confirmed: [StateUpdate, string][] = [];
  events.on('suspicion.confirmed', (...args) => confirmed.push(args));
  const detector = new FailureDetector(
    {
      list,
      events,
      life,
      env: { clock, random: new SeededRandom(1) },
      self: { id: 'self' },
      options: { ...resolveMembershipOptions(), probeInterval: 500 },
    } as unknown as CoreContext,
    ring,
    prober as unknown as Prober,
    health,
  );
  events.on('member.added', ({ member: { id } }) => ring.add(id));
  events.on('member.changed', (change) => detector.changed(change));
  events.on('member.removed', ({ member: { id } }) => {
    ring.remove(id);
    detector.endSuspicion(id);
  });
  const add = (id: string, features = ['gossip']) =>
    list.apply(member(id, 7, { features }), VERIFIED);
  const suspect = (id: string, by: string, from = by, incarnation = 7) =>
    detector.suspected({ id, incarnation, state: 'suspect' }, by, from);
  const conclude = async (verdict: Partial<Verdict>, id = 'b') => {
    verdicts.push(verdict);
    return detector.check(id);
  };
  return {
    clock,
    list,
    changes,
    heard,
    life,
    checks,
    verdicts,
    confirmed,
    detector,
    add,
    suspect,
    conclude,
  };
}

/** Shortest suspicion of a few members with these options, in ms, and the longest. */
const SHORTEST = 2000;
const LONGEST = 12_000;

describe('FailureDetector', () => {
  it('checks the next one of the round where nobody is named', async () => {
    const { detector, add, checks } = makeDetector();
    expect(await detector.check()).toEqual({ id: '', online: false });
    await detector.tick();
    expect(checks).toEqual([]);
    add('b');
    expect(await detector.check()).toEqual({ id: 'b', online: false });
    await detector.tick();
    expect(checks).toEqual(['probe b at 0', 'probe b at 0']);
  });

  it.each([
    ['alive', true, true],
    ['leaving', false, true],
    ['replaced', false, false],
  ] as const)(
    'says of one that is %s whether it is online (%s), and what it says of itself (%s)',
    async (kind, online, says) => {
      const { add, conclude } = makeDetector();
      const status = { id: 'b' } as never;
      add('b');
      expect(await conclude({ kind, status })).toEqual({
        id: 'b',
        online,
        ...(says && { status }),
      });
    },
  );

  it.each([
    ['leaving', 'left', 'left'],
    ['replaced', 'dead', 'replaced'],
    ['refused', 'dead', 'dead'],
  ] as const)(
    'ends one that is %s (%s, reason %s)',
    async (kind, state, reason) => {
      const { add, conclude, changes } = makeDetector();
      add('b');
      await conclude({ kind });
      expect(changes.at(-1)).toMatchObject({
        kind: 'removed',
        member: { id: 'b', state, incarnation: 7 },
        reason,
        source: { origin: 'check' },
      });
    },
  );

  it('suspects, itself, one that is silent, and not one that it is not sure of', async () => {
    const { add, conclude, changes } = makeDetector();
    add('b');
    await conclude({ kind: 'unsure' });
    await conclude({ kind: 'alive' });
    expect(changes).toHaveLength(1);
    await conclude({ kind: 'silent' });
    await conclude({ kind: 'silent' });
    expect(changes).toHaveLength(2);
    expect(changes.at(-1)).toMatchObject({
      kind: 'changed',
      member: { state: 'suspect', incarnation: 7 },
      source: { origin: 'check', suspectedBy: 'self' },
    });
  });

  it('changes nothing where the member has gone meanwhile, or this peer leaves', async () => {
    const { add, conclude, changes, life, list } = makeDetector();
    add('b');
    const checked = conclude({ kind: 'refused' });
    list.applyState({ id: 'b', incarnation: 7, state: 'left' }, GOSSIP);
    await checked;
    expect(changes).toHaveLength(2);
    add('c');
    life.active = false;
    await conclude({ kind: 'refused' }, 'c');
    expect(list.get('c')).toBeDefined();
  });

  it('acquits a suspect with features under its incarnation, and a legacy one under a higher', async () => {
    const { add, conclude, suspect, list, changes } = makeDetector();
    add('b');
    add('l', []);
    for (const id of ['b', 'l']) {
      suspect(id, 'm');
      expect(list.get(id)?.state).toBe('suspect');
      await conclude({ kind: 'alive' }, id);
    }
    expect(list.get('b')).toMatchObject({ state: 'alive', incarnation: 7 });
    expect(list.get('l')).toMatchObject({ state: 'alive', incarnation: 8 });
    const { source } = changes.at(-1)!;
    expect(source).toEqual({ origin: 'check', from: 'l' });
  });

  describe('where another one suspects', () => {
    it('believes nothing that is old, or of strangers', () => {
      const { add, suspect, changes } = makeDetector();
      add('b');
      suspect('b', 'm', 'm', 6);
      suspect('x', 'm');
      expect(changes).toHaveLength(1);
      suspect('b', 'm', 'm', 8);
      expect(changes.at(-1)).toMatchObject({
        member: { state: 'suspect', incarnation: 7 },
        source: { origin: 'gossip', from: 'm', suspectedBy: 'm' },
      });
    });

    it('passes on each one that counts, once, as one who says it first hand', async () => {
      const { add, suspect, confirmed, conclude } = makeDetector();
      for (const id of ['b', 'm', 'n', 'o', 'p']) {
        add(id);
      }
      suspect('b', 'm');
      expect(confirmed).toEqual([]);
      suspect('b', 'n', 'o');
      suspect('b', 'n', 'o');
      await conclude({ kind: 'silent' });
      const update = { id: 'b', incarnation: 7, state: 'suspect' };
      expect(confirmed).toEqual([
        [update, 'n'],
        [update, 'self'],
      ]);
    });

    it('knows for how long', async () => {
      const { add, suspect, detector, clock } = makeDetector();
      add('b');
      expect(detector.isLongSuspected('b')).toBe(false);
      suspect('b', 'm');
      await clock.run(SHORTEST / 2 - 1);
      expect(detector.isLongSuspected('b')).toBe(false);
      await clock.run(1);
      expect(detector.isLongSuspected('b')).toBe(true);
    });
  });

  describe('when a suspect has had its time', () => {
    /** A suspect among others that could confirm it, and its last check. */
    async function untilLastCheck(verdict?: Partial<Verdict>) {
      const made = makeDetector();
      for (const id of ['b', 'm', 'n', 'o', 'p']) {
        made.add(id);
      }
      if (verdict) {
        made.verdicts.push(verdict);
      }
      made.suspect('b', 'm');
      await made.clock.run(LONGEST - 1);
      expect(made.checks).toEqual([]);
      await made.clock.run(1);
      return made;
    }

    it.each([
      ['silent', 'removed b dead', 'dead'],
      ['refused', 'removed b dead', 'dead'],
      ['leaving', 'removed b left', 'left'],
      ['replaced', 'removed b dead', 'replaced'],
    ] as const)(
      'checks once more, and ends one that is %s (%s, reason %s)',
      async (kind, change, reason) => {
        const { checks, heard, changes } = await untilLastCheck({ kind });
        expect(checks).toEqual([`direct b at ${LONGEST}`]);
        expect(heard().at(-1)).toBe(change);
        expect(changes.at(-1)).toMatchObject({ reason });
      },
    );

    it('lets one be that is alive', async () => {
      const { list, clock, checks } = await untilLastCheck({ kind: 'alive' });
      expect(list.get('b')?.state).toBe('alive');
      await clock.run(60_000);
      expect(checks).toHaveLength(1);
    });

    it('waits for another period while it is not sure', async () => {
      const { list, clock, checks, verdicts } = await untilLastCheck({
        kind: 'unsure',
      });
      expect(list.get('b')?.state).toBe('suspect');
      verdicts.push({ kind: 'silent' });
      await clock.run(499);
      expect(checks).toHaveLength(1);
      await clock.run(1);
      expect(list.get('b')).toBeUndefined();
    });

    it('asks nobody where the suspect has answered meanwhile', async () => {
      const { add, suspect, detector, clock, checks, list } = makeDetector();
      add('b');
      suspect('b', 'm');
      detector.heard('b');
      detector.heard('x');
      await clock.run(LONGEST);
      expect(checks).toEqual([]);
      expect(list.get('b')?.state).toBe('alive');
    });

    it('gives it more where this peer was stalled', async () => {
      const { add, suspect, detector, clock, checks } = makeDetector();
      add('b');
      suspect('b', 'm');
      detector.stalled(3000);
      await clock.run(SHORTEST + 2999);
      expect(checks).toEqual([]);
      await clock.run(1);
      expect(checks).toHaveLength(1);
    });

    it.each(['alive', 'gone', 'stopped'])(
      'does nothing about one that is %s by then',
      async (state) => {
        const { add, suspect, detector, list, clock, checks } = makeDetector();
        add('b');
        suspect('b', 'm');
        if (state === 'alive') {
          list.markAlive('b', VERIFIED);
        } else if (state === 'gone') {
          list.applyState({ id: 'b', incarnation: 7, state: 'left' }, GOSSIP);
        } else {
          detector.stop();
        }
        await clock.run(60_000);
        expect(checks).toEqual([]);
      },
    );

    it('does not hold against one what was found of it before it contradicted', async () => {
      let end!: (verdict: Partial<Verdict>) => void;
      const verdict = new Promise<Partial<Verdict>>((done) => (end = done));
      const { list } = await untilLastCheck(verdict as Partial<Verdict>);
      list.markAlive('b', VERIFIED);
      end({ kind: 'silent' });
      await Promise.resolve();
      expect(list.get('b')?.state).toBe('alive');
    });
  });

  it('hurries where nobody else could ever have a say', async () => {
    const { add, conclude, clock, checks } = makeDetector();
    for (const id of ['b', 'm', 'n', 'o', 'p']) {
      add(id);
    }
    await conclude({ kind: 'silent', alone: true });
    await clock.run(999);
    expect(checks).toHaveLength(1);
    await clock.run(1);
    expect(checks).toEqual(['probe b at 0', 'direct b at 1000']);
  });

  it('does not hurry while others may have a say', async () => {
    const { add, conclude, clock, checks } = makeDetector();
    add('b');
    await conclude({ kind: 'silent', alone: false });
    await clock.run(SHORTEST - 1);
    expect(checks).toHaveLength(1);
  });

  it('doubts one for the shortest time, and checks it at once', async () => {
    const { add, detector, clock, checks, changes } = makeDetector();
    for (const id of ['b', 'm', 'n', 'o', 'p']) {
      add(id);
    }
    detector.doubt('x', 'm');
    expect(checks).toEqual([]);
    detector.doubt('b', 'm');
    expect(changes.at(-1)).toMatchObject({
      member: { id: 'b', state: 'suspect', incarnation: 7 },
      source: { origin: 'check', suspectedBy: 'm' },
    });
    await clock.run(SHORTEST);
    expect(checks).toEqual(['probe b at 0', `direct b at ${SHORTEST}`]);
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
