import type { JsonObject } from '../../../src/wire/json.js';
import { byAmount } from '../../support/amount.js';
import { until } from '../../support/until.js';
import {
  agree,
  closePeers,
  listOf,
  startPeer,
  type PeerApp,
} from '../module/support/peer-app.js';
import {
  closeFakePeers,
  fakePeer,
  maliciousMember,
  post,
  say,
} from './support/fake-peer.js';

/** Invented members that are told in large bodies, and those that are told one by one or 32 at a time, which takes longer. */
const ALL = byAmount({ quick: 2000, slow: 100_000, long: 100_000 });
const SOME = byAmount({ quick: 250, slow: 1500, long: 100_000 });
const LAST = `invented-${ALL - 1}`;
const JOINS = byAmount({ quick: 150, slow: 400, long: 400 });
const QUOTA = 100;

/** Ms by which a lie about the future may be ahead, and still be believed. */
const AHEAD = 86_000_000;

const AT_ONCE = 8;

afterEach(async () => {
  await closePeers();
  await closeFakePeers();
});

const FEATURES = ['update', 'gossip', 'probe', 'sync'];

/** An honest pair that believes a member 100 new names in a minute. */
async function startCloud(): Promise<[PeerApp, PeerApp]> {
  const options = { membership: { profile: 'local', hearsayQuota: QUOTA } };
  const alice = await startPeer({ options: options as object });
  const bob = await startPeer({
    options: { ...options, peers: [alice.address] } as object,
  });
  await until(() => agree([alice, bob]));
  return [alice, bob];
}

function invented(number: number): JsonObject {
  return {
    id: `invented-${number}`,
    ip: `127.${(number >> 16) + 1}.${(number >> 8) & 255}.${number & 255}`,
    port: 9338,
    data: {},
    features: FEATURES,
    incarnation: Date.now(),
    state: 'alive',
  };
}

/** Calls with all numbers, some at a time. */
async function inTurns(
  count: number,
  call: (number: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      await call(next++);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

describe('a flood of invented members', () => {
  it.each([
    ['/joined', SOME],
    ['gossip', SOME],
    ['/sync', ALL],
  ] as const)(
    'by %s is bounded by the quota of who tells them (%i)',
    async (way, count) => {
      const [alice, bob] = await startCloud();
      const mallory = await maliciousMember(alice, 'mallory', FEATURES);
      const tell = async (path: string, body: object): Promise<void> => {
        const { status } = await say(mallory, alice, path, body);
        expect(status).toBe(200);
      };
      const each = way === '/joined' ? 1 : way === 'gossip' ? 32 : 2000;
      let most = 0;
      const start = performance.now();
      await inTurns(Math.ceil(count / each), async (round) => {
        const members = Array.from({ length: each }, (_, index) =>
          invented(round * each + index),
        );
        if (way === '/joined') {
          await tell(way, members[0]!);
        } else if (way === '/sync') {
          await tell(way, { members });
        } else {
          await tell('/status', { ext: { updates: members } });
        }
        most = Math.max(most, alice.membership.peers().length);
      });
      // The quota fills again with time: a minute's worth is there at the start.
      const minutes = (performance.now() - start) / 60_000;
      expect(most).toBeLessThan(QUOTA * (2 + minutes));
      expect(alice.membership.get(bob.membership.self.id)).toBeDefined();
      expect(await alice.messaging.send(bob.membership.self.id, {})).toEqual(
        {},
      );
    },
    1_800_000,
  );

  it.each(['suspect', 'dead', 'left'] as const)(
    'that are said to be %s leaves the real ones, and a bounded memory of them',
    async (state) => {
      const [alice, bob] = await startCloud();
      const mallory = await maliciousMember(alice, 'mallory', FEATURES);
      const before = process.memoryUsage().heapUsed;
      const each = 2000;
      await inTurns(ALL / each, async (round) => {
        const dead = Array.from({ length: each }, (_, index) => ({
          id: `invented-${round * each + index}`,
          incarnation: Date.now() + AHEAD,
          state,
        }));
        const { status } = await say(mallory, alice, '/sync', { dead });
        expect(status).toBe(200);
      });
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(2 ** 27);
      expect(listOf(alice)).toEqual(
        [alice, bob]
          .map(({ membership }) => membership.self.id)
          .concat('mallory')
          .sort(),
      );
      const { id } = bob.membership.self;
      expect(await alice.messaging.send(id, {})).toEqual({});
      // Nobody is kept out by what was said of others, nor by what was said of itself before it came.
      const carol = await startPeer({
        options: {
          id: LAST,
          peers: [bob.address],
          membership: { profile: 'local' },
        },
      });
      await until(
        () =>
          [alice, bob, carol].every(
            (peer) => listOf(peer).includes(LAST) && listOf(peer).includes(id),
          ),
        // Which of them hears first that it is wrong is left to chance.
        { timeout: 90_000 },
      );
    },
    120_000,
  );

  it('by /join makes a peer call back only so often, and adds nobody', async () => {
    const limits = { joinsPerMinutePerAddress: 50 };
    const alice = await startPeer({ options: { limits } });
    const victim = await fakePeer({ id: 'somebody else' });
    const statuses = new Map<number, number>();
    const start = performance.now();
    await inTurns(JOINS, async (number) => {
      const request = { ...invented(number), ip: '127.0.0.1' };
      const { status, headers, body } = await post(alice, '/join', {
        ...request,
        port: victim.port,
      });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status === 429) {
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
        expect(body.code).toBe('TOO_MANY_REQUESTS');
      }
    });
    expect(new Set(statuses.keys())).toEqual(new Set([200, 429]));
    const minutes = (performance.now() - start) / 60_000;
    const taken = statuses.get(200)!;
    expect(taken).toBeLessThanOrEqual(50 * (1 + minutes) + 1);
    expect(victim.count('/status')).toBeLessThan(200);
    // One that is slow to answer is asked a second time.
    expect(victim.count('/status')).toBeLessThanOrEqual(2 * taken);
    expect(alice.membership.peers()).toEqual([]);
  });
});

describe('a flood of invented members', () => {
  it('is bounded at the default settings, far below the list', async () => {
    const alice = await startPeer();
    const mallory = await maliciousMember(alice, 'mallory', FEATURES);
    for (let round = 0; round < 5; round++) {
      const members = Array.from({ length: 2000 }, (_, index) =>
        invented(round * 2000 + index),
      );
      await say(mallory, alice, '/sync', { members });
    }
    expect(alice.membership.peers().length).toBeLessThan(1100);
  });

  it('leaves room for those that join', async () => {
    const options = { maxPeers: 50, limits: { maxHearsay: 40 } };
    const alice = await startPeer({ options });
    const liars = [
      await maliciousMember(alice, 'mallory', FEATURES),
      await maliciousMember(alice, 'helper', FEATURES),
    ];
    for (const [index, liar] of liars.entries()) {
      const members = Array.from({ length: 100 }, (_, number) =>
        invented(100 * index + number),
      );
      await say(liar, alice, '/sync', { members });
    }
    expect(alice.membership.peers()).toHaveLength(50);
    const carol = await fakePeer({ id: 'carol' });
    const { body } = await post(alice, '/join', {
      id: 'carol',
      port: carol.port,
    });
    expect(body).toMatchObject({ status: 'joined' });
    expect(listOf(alice)).toContain('carol');
  });

  it('with large data is bounded by limits.maxListBytes', async () => {
    const limits = { maxListBytes: 100_000 };
    const alice = await startPeer({ options: { limits } });
    const mallory = await maliciousMember(alice, 'mallory', FEATURES);
    const data = { text: 'x'.repeat(20_000) };
    const members = [1, 2, 3, 4, 5, 6, 7].map((number) => ({
      ...invented(number),
      data,
    }));
    await say(mallory, alice, '/sync', { members });
    expect(alice.membership.peers()).toHaveLength(5);
  });

  it('of reports that others have left is bounded for each reporter', async () => {
    const limits = { reportsPerMinute: 5 };
    const alice = await startPeer({ options: { limits } });
    const mallory = await maliciousMember(alice, 'mallory');
    const victim = await maliciousMember(alice, 'victim');
    const before = victim.count('/status');
    for (let round = 0; round < 50; round++) {
      await say(mallory, alice, '/left', { id: 'victim' });
      await until(() => listOf(alice).includes('victim'));
    }
    expect(victim.count('/status') - before).toBeLessThan(15);
  });
});

it('a member list is full at maxPeers, and says so', async () => {
  const alice = await startPeer({ options: { maxPeers: 2 } });
  await maliciousMember(alice, 'first');
  const second = await maliciousMember(alice, 'second');
  const third = await fakePeer({ id: 'third' });
  const { port } = third;
  const joining = await post(alice, '/join', { id: 'third', port });
  expect(joining.body).toMatchObject({
    status: 'rejected',
    error: { code: 'CLOUD_FULL' },
  });
  const told = { id: 'third', ip: '127.0.0.1', port, data: {} };
  await say(second, alice, '/joined', told);
  expect(alice.membership.peers()).toHaveLength(2);
});
