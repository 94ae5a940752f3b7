import type { JsonObject } from '../../../src/wire/json.js';
import { until } from '../../support/until.js';
import {
  agree,
  checkUntil,
  closePeers,
  listOf,
  startPeer,
  type PeerApp,
} from '../module/support/peer-app.js';
import {
  closeFakePeer,
  closeFakePeers,
  fakePeer,
  maliciousMember,
  post,
  say,
  type FakePeer,
} from './support/fake-peer.js';

afterEach(async () => {
  await closePeers();
  await closeFakePeers();
});

const FEATURES = ['update', 'gossip', 'probe', 'sync'];

/** Ms by which a lie about the future may be ahead, and still be believed. */
const AHEAD = 80_000_000;

/** Two honest members of an open cloud, where the wire itself proves nothing. */
async function startCloud() {
  const alice = await startPeer();
  const bob = await startPeer({
    options: { peers: [alice.address], data: { role: 'bob' } },
  });
  await until(() => agree([alice, bob]));
  return { alice, bob, victim: bob.membership.self.id };
}

/** Where a peer believes another one to be, and what it believes of it. */
function viewOf(peer: PeerApp, id: string) {
  const found = peer.membership.get(id);
  return found && { port: found.port, data: found.data };
}

/** The peer has done all that the attack made it do: it asks somebody else, and answers. */
async function settled(peer: PeerApp, fake: FakePeer): Promise<void> {
  const before = fake.calls.length;
  await checkUntil(peer, () => fake.calls.length > before);
  expect((await post(peer, '/status', {})).status).toBe(200);
}

/** Incarnation of a member, as anybody can ask for it. */
async function incarnationOf(peer: PeerApp): Promise<number> {
  const { body } = await post(peer, '/status', {});
  return Number(body.incarnation);
}

describe('an id that is in use', () => {
  it.each(['a later one', 'its own', 'none'])(
    'is not taken over by /join (incarnation: %s)',
    async (kind) => {
      const { alice, bob, victim } = await startCloud();
      const own = await incarnationOf(bob);
      const claim: JsonObject =
        kind === 'none'
          ? {}
          : {
              features: FEATURES,
              incarnation: kind === 'its own' ? own : own + 1000,
            };
      const thief = await fakePeer({ id: victim, ...claim });
      const answer = await post(alice, '/join', {
        id: victim,
        ip: '127.0.0.1',
        port: thief.port,
        data: { role: 'thief' },
        ...claim,
      });
      expect(answer.body).toMatchObject({
        status: 'rejected',
        error: { code: 'ID_TAKEN' },
      });
      expect(viewOf(alice, victim)).toEqual({
        port: bob.port,
        data: { role: 'bob' },
      });
    },
  );

  it.each(['/joined', 'gossip', '/sync'])(
    'is not taken over by what a member says in %s',
    async (way) => {
      const { alice, bob, victim } = await startCloud();
      const mallory = await maliciousMember(alice, 'mallory', FEATURES);
      const incarnation = (await incarnationOf(bob)) + 5000;
      const thief = await fakePeer({
        id: victim,
        features: FEATURES,
        incarnation,
      });
      const lie = {
        id: victim,
        ip: '127.0.0.1',
        port: thief.port,
        data: { role: 'thief' },
        features: FEATURES,
        incarnation,
        state: 'alive',
      };
      const answer =
        way === '/joined'
          ? await say(mallory, alice, way, lie)
          : way === 'gossip'
            ? await say(mallory, alice, '/status', { ext: { updates: [lie] } })
            : await say(mallory, alice, way, { members: [lie] });
      expect(answer.status).toBe(200);
      await settled(alice, mallory);
      await until(() => viewOf(alice, victim)?.data.role === 'bob');
      expect(viewOf(alice, victim)?.port).toBe(bob.port);
      expect(thief.count('/message')).toBe(0);
    },
  );

  it('is not changed by an /update of another', async () => {
    const { alice, victim } = await startCloud();
    const mallory = await maliciousMember(alice, 'mallory', FEATURES);
    const data = { role: 'forged' };
    const { status, body } = await say(mallory, alice, '/update', {
      id: victim,
      data,
    });
    expect([status, body.code]).toEqual([403, 'NOT_YOURS']);
    expect(viewOf(alice, victim)?.data).toEqual({ role: 'bob' });
  });
});

describe('a living peer', () => {
  it.each<[string, JsonObject]>([
    ['with features', { features: FEATURES, incarnation: Date.now() + 10_000 }],
    ['without', {}],
  ])(
    'is not pushed out by a newcomer %s at its address',
    async (_kind, more) => {
      const { alice, bob, victim } = await startCloud();
      const mallory = await maliciousMember(alice, 'mallory', FEATURES);
      const { port } = bob;
      const newcomer = {
        id: 'newcomer',
        ip: '127.0.0.1',
        port,
        data: {},
        ...more,
      };
      await say(mallory, alice, '/joined', newcomer);
      await settled(alice, mallory);
      expect(listOf(alice)).toEqual(
        [alice.membership.self.id, victim, 'mallory'].sort(),
      );
      const gone = alice.events.filter(({ type }) => type === 'peer.left');
      expect(gone).toEqual([]);
    },
  );

  it.each(['/joined', 'gossip', '/sync'])(
    'is not pushed out by a silent one that is said to have moved to its address in %s',
    async (way) => {
      const { alice, bob, victim } = await startCloud();
      const mallory = await maliciousMember(alice, 'mallory', FEATURES);
      const silent = await maliciousMember(alice, 'silent', FEATURES);
      await closeFakePeer(silent);
      const lie = {
        id: 'silent',
        ip: '127.0.0.1',
        port: bob.port,
        data: {},
        features: FEATURES,
        incarnation: Date.now() + 5000,
        state: 'alive',
      };
      if (way === '/joined') {
        await say(mallory, alice, way, lie);
      } else if (way === '/sync') {
        await say(mallory, alice, way, { members: [lie] });
      } else {
        await say(mallory, alice, '/status', { ext: { updates: [lie] } });
      }
      const gone = () =>
        alice.events.flatMap((event) =>
          event.type === 'peer.left' ? [event.peer.id] : [],
        );
      await checkUntil(alice, () => gone().includes('silent'), {
        timeout: 60_000,
      });
      expect(viewOf(alice, victim)?.port).toBe(bob.port);
      expect(gone()).toEqual(['silent']);
    },
    90_000,
  );

  it("is not pushed out, nor changed, by a stranger's /join that names its address", async () => {
    const { alice, bob, victim } = await startCloud();
    const place = { ip: '127.0.0.1', port: bob.port };
    const data = { role: 'stranger' };
    const other = await post(alice, '/join', { id: 'other', ...place, data });
    expect(other.body).toMatchObject({
      status: 'rejected',
      error: { code: 'CHECK_FAILED' },
    });
    await post(alice, '/join', { id: victim, ...place, data });
    await post(alice, '/join', { ...place, data });
    expect(viewOf(alice, victim)).toEqual({
      port: bob.port,
      data: { role: 'bob' },
    });
    expect(agree([alice, bob])).toBe(true);
  });

  it('that a member reports as left is asked, and put back', async () => {
    const { alice, bob, victim } = await startCloud();
    const mallory = await maliciousMember(alice, 'mallory', FEATURES);
    await until(() => bob.membership.get('mallory'));
    for (let round = 0; round < 20; round++) {
      const answer = await say(mallory, alice, '/left', { id: victim });
      expect(answer.body).toEqual({ status: 'removed' });
    }
    await until(() => viewOf(alice, victim)?.port === bob.port);
    const gone = alice.events.filter(({ type }) => type === 'peer.left');
    expect(gone).toEqual([]);
    expect(await alice.messaging.send(victim, {})).toEqual({});
  });

  it.each([
    ['dead', 'gossip', 0],
    ['left', 'gossip', 0],
    ['dead', 'gossip', AHEAD],
    ['left', 'gossip', AHEAD],
    ['dead', '/sync', 0],
    ['left', '/sync', 0],
    ['left', '/sync', AHEAD],
  ] as const)(
    'that a member calls %s in %s stays (%i ms ahead)',
    async (state, way, ahead) => {
      const { alice, bob, victim } = await startCloud();
      const mallory = await maliciousMember(alice, 'mallory', FEATURES);
      const incarnation = (await incarnationOf(bob)) + ahead;
      const doubt = { id: victim, state: 'suspect', incarnation };
      const lie = { ...doubt, state };
      for (let round = 0; round < 20; round++) {
        const { status } =
          way === 'gossip'
            ? await say(mallory, alice, '/status', {
                ext: { updates: [doubt, lie] },
              })
            : await say(mallory, alice, '/sync', { dead: [doubt, lie] });
        expect(status).toBe(200);
        expect(viewOf(alice, victim)?.port).toBe(bob.port);
      }
      await settled(alice, mallory);
      expect(viewOf(alice, victim)?.port).toBe(bob.port);
      const gone = alice.events.filter(({ type }) => type === 'peer.left');
      expect(gone).toEqual([]);
      expect(await alice.messaging.send(victim, {})).toEqual({});
    },
  );

  it('that one member suspects in the name of many stays', async () => {
    const { alice, bob, victim } = await startCloud();
    const mallory = await maliciousMember(alice, 'mallory', FEATURES);
    const others = ['x', 'y', 'z'];
    for (const id of others) {
      await maliciousMember(alice, id, FEATURES);
    }
    const doubt = { id: victim, state: 'suspect' };
    const incarnation = await incarnationOf(bob);
    for (const by of [...others, 'mallory']) {
      await say(mallory, alice, '/status', {
        ext: { updates: [{ ...doubt, incarnation, by }] },
      });
    }
    await settled(alice, mallory);
    expect(viewOf(alice, victim)?.port).toBe(bob.port);
    const gone = alice.events.filter(({ type }) => type === 'peer.left');
    expect(gone).toEqual([]);
  });

  it('is not thrown out because the way to it leads to another', async () => {
    const { alice } = await startCloud();
    const carol = await maliciousMember(alice, 'carol', FEATURES);
    const dave = await maliciousMember(alice, 'dave', FEATURES);
    const own = dave.status;
    dave.status = { ...carol.status };
    await checkUntil(
      alice,
      () => alice.events.some(({ type }) => type === 'peer.suspected'),
      { timeout: 30_000 },
    );
    dave.status = own;
    await checkUntil(
      alice,
      () => alice.events.some(({ type }) => type === 'peer.recovered'),
      { timeout: 30_000 },
    );
    const gone = alice.events.filter(({ type }) => type === 'peer.left');
    expect(gone).toEqual([]);
  }, 90_000);

  it('is no amplifier: told that it has left, it joins again at a limited rate', async () => {
    const { alice } = await startCloud();
    const mallory = await maliciousMember(alice, 'mallory', FEATURES);
    const told = 300;
    for (let round = 0; round < told; round++) {
      const answer = await say(mallory, alice, '/left', {
        id: alice.membership.self.id,
      });
      expect(answer.body).toEqual({ status: 'removed' });
    }
    await until(() => mallory.count('/join') > 0);
    // The profile of the tests rejoins after 1 s at the earliest, and ever later.
    expect(mallory.count('/join')).toBeLessThan(told / 10);
  });
});

describe('a member that does not exist', () => {
  it('disappears by itself', async () => {
    const { alice } = await startCloud();
    const mallory = await maliciousMember(alice, 'mallory', FEATURES);
    const invented = { id: 'invented', ip: '127.0.0.1', port: 1025, data: {} };
    await say(mallory, alice, '/joined', {
      ...invented,
      features: FEATURES,
      incarnation: Date.now(),
    });
    expect(listOf(alice)).toContain('invented');
    await checkUntil(alice, () => !listOf(alice).includes('invented'), {
      timeout: 60_000,
    });
  }, 90_000);
});

it('properties named like methods stay what they are: unknown', async () => {
  const { alice, bob } = await startCloud();
  const mallory = await maliciousMember(alice, 'mallory');
  const friend = await fakePeer({ id: 'friend' });
  const names = [
    'send',
    'check',
    'toString',
    'constructor',
    'then',
    'clientId',
  ];
  const hostile = Object.fromEntries(names.map((name) => [name, 'boom']));
  const peer = { id: 'friend', ip: '127.0.0.1', port: friend.port };
  const answer = await say(mallory, alice, '/joined', {
    ...hostile,
    ...peer,
    data: { ...hostile },
  });
  expect(answer.body).toEqual({ status: 'added' });
  await until(() => bob.membership.get('friend') !== undefined);
  for (const { membership, messaging } of [alice, bob]) {
    const found = (await Promise.resolve(membership.get('friend')))!;
    expect(typeof found.send).toBe('function');
    expect(found.constructor).not.toBe('boom');
    expect(typeof found.toString).toBe('function');
    expect('then' in found).toBe(false);
    expect(await messaging.send('friend', { hello: 1 })).toEqual({});
  }
});
