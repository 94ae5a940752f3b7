import { Injectable } from '@nestjs/common';
import { OnPeerMessage, OptionsError } from '../../../src/index.js';
import type { JsonObject } from '../../../src/wire/json.js';
import { until } from '../../support/until.js';
import { agree, closePeers, startPeer } from '../module/support/peer-app.js';
import {
  closeFakePeers,
  fakePeer,
  maliciousMember,
  post,
  say,
  type PostAnswer,
} from './support/fake-peer.js';

let release: () => void;
let held: Promise<void>;

/** Holds every message until the test lets go. */
@Injectable()
class Slow {
  @OnPeerMessage()
  async wait(): Promise<object> {
    await held;
    return { done: true };
  }
}

beforeEach(() => {
  held = new Promise((resolve) => (release = resolve));
});

afterEach(async () => {
  release();
  await Promise.all([closePeers(), closeFakePeers()]);
});

function expectTooMany({ status, headers, body }: PostAnswer): void {
  expect([status, body.code]).toEqual([429, 'TOO_MANY_REQUESTS']);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
}

/** Sends until one is refused; the others stay in work. */
async function untilRefused(
  send: () => Promise<PostAnswer>,
  limit: number,
): Promise<void> {
  const answers = Array.from({ length: limit + 1 }, send);
  expectTooMany(await Promise.race(answers));
  release();
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(limit);
}

describe('requests in work', () => {
  it('of one sender are bounded by limits.maxRequestsPerSender', async () => {
    const limits = { maxRequestsPerSender: 5 };
    const alice = await startPeer({ providers: [Slow], options: { limits } });
    const mallory = await maliciousMember(alice, 'mallory');
    await untilRefused(() => say(mallory, alice, '/message', {}), 5);
    expect((await post(alice, '/status', {})).status).toBe(200);
  });

  it('of all senders are bounded by limits.maxRequests', async () => {
    const limits = { maxRequests: 5 };
    const alice = await startPeer({ providers: [Slow], options: { limits } });
    const mallory = await maliciousMember(alice, 'mallory');
    await untilRefused(() => say(mallory, alice, '/message', {}), 5);
  });
});

describe('joins', () => {
  it.each(['joinsPerMinute', 'joinsPerMinutePerAddress'])(
    'are bounded by limits.%s',
    async (name) => {
      const alice = await startPeer({ options: { limits: { [name]: 5 } } });
      await maliciousMember(alice, 'first');
      const join = () => post(alice, '/join', { id: 'second', port: 1025 });
      const answers = [];
      for (let round = 0; round < 10; round++) answers.push(await join());
      expectTooMany(answers.find(({ status }) => status === 429)!);
    },
  );

  it('in work are bounded by limits.maxConcurrentJoins', async () => {
    const alice = await startPeer({
      options: { limits: { maxConcurrentJoins: 1 }, security: { authorize } },
    });
    async function authorize(): Promise<boolean> {
      await held;
      return true;
    }
    const { port } = await fakePeer({ id: 'first' });
    const first = post(alice, '/join', { id: 'first', port });
    await until(async () => {
      const other = await post(alice, '/join', { id: 'second', port: 1025 });
      return other.status === 429;
    });
    expectTooMany(await post(alice, '/join', { id: 'second', port: 1025 }));
    release();
    expect((await first).body).toMatchObject({ status: 'joined' });
  });
});

describe('data', () => {
  const limits = { maxDataBytes: 100 };
  const large = { text: 'x'.repeat(100) };

  it('over limits.maxDataBytes are 413 from others, and a typed error from the app', async () => {
    const alice = await startPeer({ options: { limits } });
    const mallory = await maliciousMember(alice, 'mallory', ['update']);
    const peer = { id: 'mallory', ip: '127.0.0.1', port: mallory.port };
    for (const path of ['/join', '/joined', '/update']) {
      const answer = await say(mallory, alice, path, { ...peer, data: large });
      expect(answer.status).toBe(413);
    }
    await expect(alice.membership.update(large)).rejects.toThrow(OptionsError);
  });

  it('over limits.maxDataBytes are left out of gossip and /sync', async () => {
    const alice = await startPeer({ options: { limits } });
    const features = ['update', 'gossip', 'sync'];
    const mallory = await maliciousMember(alice, 'mallory', features);
    const news: JsonObject = {
      id: 'large',
      ip: '127.0.0.1',
      port: mallory.port + 1,
      data: large,
      features,
      incarnation: Date.now(),
      state: 'alive',
    };
    await say(mallory, alice, '/status', { ext: { updates: [news] } });
    await say(mallory, alice, '/sync', { members: [news] });
    expect(alice.membership.get('large')).toBeUndefined();
  });
});

it('answers over limits.maxAnswerBytes are not read', async () => {
  const alice = await startPeer({
    options: { limits: { maxAnswerBytes: 2048 } },
  });
  const liar = await fakePeer({ id: 'liar', padding: 'x'.repeat(100_000) });
  const answer = await post(alice, '/join', { id: 'liar', port: liar.port });
  expect(answer.body).toMatchObject({ error: { code: 'CHECK_FAILED' } });
});

it('bodies deeper than limits.maxJsonDepth are 400', async () => {
  const limits = { maxJsonDepth: 48 };
  const alice = await startPeer({ options: { limits } });
  const body = (depth: number) =>
    `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
  expect((await post(alice, '/status', body(48))).status).toBe(200);
  expect((await post(alice, '/status', body(49))).body.code).toBe(
    'INVALID_JSON',
  );
});

it('limits.connectionsPerPeer and maxConnectedPeers bound what a peer opens', async () => {
  const limits = { connectionsPerPeer: 1, maxConnectedPeers: 1 };
  const stream = { messaging: { stream: false as const } };
  const alice = await startPeer({ options: { limits, ...stream } });
  const others = await Promise.all(
    [1, 2].map(() =>
      startPeer({ options: { peers: [alice.address], limits, ...stream } }),
    ),
  );
  await until(() => agree([alice, ...others]));
  const results = await alice.messaging.broadcast({ hello: 'all' });
  expect(results.map((result) => 'value' in result)).toEqual([true, true]);
});
