import { Injectable } from '@nestjs/common';
import { OnPeerMessage, OptionsError } from '../../../src/index.js';
import { MAX_CONTROL_BYTES } from '../../../src/membership/core/options/membership.options.js';
import type { JsonObject } from '../../../src/wire/json.js';
import { until } from '../../support/until.js';
import { agree, closePeers, startPeer } from '../module/support/peer-app.js';
import { RawStream } from '../messaging/support/raw-stream.js';
import {
  closeFakePeers,
  fakePeer,
  maliciousMember,
  post,
  say,
  type PostAnswer,
} from './support/fake-peer.js';
import { OpenSockets } from './support/open-sockets.js';

let release: () => void;
let held: Promise<void>;

/** Holds every message until the test lets go. */
@Injectable()
class Slow {
  started = 0;

  @OnPeerMessage()
  async wait(): Promise<object> {
    this.started++;
    await held;
    return { done: true };
  }
}

beforeEach(() => {
  held = new Promise((resolve) => (release = resolve));
});

const HELLO = { v: 1, heartbeat: 60_000, maxBytes: 1_000_000 };

const streams: RawStream[] = [];

/** Opens a stream in the name of a member. */
async function openStream(
  { port }: { port: number },
  id: string,
): Promise<RawStream> {
  const stream = await RawStream.open(port, { 'x-peercloud-id': id });
  streams.push(stream);
  return stream;
}

afterEach(async () => {
  release();
  for (const stream of streams.splice(0)) {
    stream.close();
  }
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

  it('of all senders are bounded by limits.maxRequests over streams as well, whose messages wait', async () => {
    const alice = await startPeer({
      providers: [Slow],
      options: { limits: { maxRequests: 3 } },
    });
    const slow = alice.app.get(Slow);
    const members = [
      await maliciousMember(alice, 'mallory', ['upgrade']),
      await maliciousMember(alice, 'trudy', ['upgrade']),
    ];
    const opened = await Promise.all(
      members.map(({ id }) => openStream(alice, id)),
    );
    for (const stream of opened) {
      stream.write(HELLO, ['m', 0, 1, 60_000, {}, 2, 60_000, {}]);
    }
    await until(() => slow.started === 3);
    expectTooMany(await say(members[0]!, alice, '/message', {}));
    expect(slow.started).toBe(3);
    release();
    await until(() => opened.every(({ replies }) => replies === 2));
  });

  it('are not the streams themselves', async () => {
    const alice = await startPeer({ options: { limits: { maxRequests: 1 } } });
    await maliciousMember(alice, 'mallory', ['upgrade']);
    const stream = await openStream(alice, 'mallory');
    expect((await post(alice, '/status', {})).status).toBe(200);
    expect(stream.closed).toBe(false);
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
      for (let round = 0; round < 10; round++) {
        answers.push(await join());
      }
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

describe('ids over limits.maxIdLength', () => {
  const limits = { maxIdLength: 50 };
  const long = 'x'.repeat(51);

  it('are 400 in /join and /joined, and left out of gossip and /sync', async () => {
    const alice = await startPeer({ options: { limits } });
    const features = ['update', 'gossip', 'sync'];
    const mallory = await maliciousMember(alice, 'mallory', features);
    const peer = { id: long, ip: '127.0.0.1', port: mallory.port };
    for (const path of ['/join', '/joined']) {
      const answer = await say(mallory, alice, path, peer);
      expect([answer.status, answer.body.code]).toEqual([400, 'INVALID_BODY']);
    }
    const other = { port: mallory.port + 1, data: {}, state: 'alive' };
    const incarnation = Date.now();
    const news: JsonObject = { ...peer, ...other, features, incarnation };
    await say(mallory, alice, '/status', { ext: { updates: [news] } });
    await say(mallory, alice, '/sync', { members: [news] });
    expect(alice.membership.peers().map(({ id }) => id)).toEqual(['mallory']);
  });

  it('cannot be the own one', async () => {
    const options = { limits, id: long };
    await expect(startPeer({ options })).rejects.toThrow(/^id: /);
  });
});

it('streams of one sender are bounded by limits.maxStreamsPerSender', async () => {
  const alice = await startPeer({
    options: { limits: { maxStreamsPerSender: 2 } },
  });
  await maliciousMember(alice, 'mallory', ['upgrade']);
  for (let count = 0; count < 5; count++) {
    await openStream(alice, 'mallory');
  }
  await until(() => streams.filter(({ closed }) => !closed).length === 2);
  expect(streams.slice(3).every(({ closed }) => !closed)).toBe(true);
});

it('lines of streams that are not complete are bounded by limits.maxIncomingBytes, as bodies are', async () => {
  const alice = await startPeer({
    options: { limits: { maxIncomingBytes: 400_000 } },
  });
  const mallory = await maliciousMember(alice, 'mallory', ['upgrade']);
  const large = { text: 'x'.repeat(350_000) };
  const partial = JSON.stringify(['m', 0, 1, 60_000, large]).slice(0, -1);
  const begin = async () => {
    const stream = await openStream(alice, 'mallory');
    stream.write(HELLO);
    stream.socket.write(partial);
    return stream;
  };
  let first = await begin();
  await until(async () => {
    // Of the line and the message, what comes second is refused.
    if (first.closed) {
      first = await begin();
    }
    const answer = await say(mallory, alice, '/message', large);
    return answer.status === 429;
  });
  const second = await openStream(alice, 'mallory');
  second.write({ ...HELLO, renews: true });
  second.socket.write(partial);
  await until(() => second.closed);
  expect(first.closed).toBe(false);
  first.close();
  await until(async () => {
    const answer = await say(mallory, alice, '/message', large);
    return answer.status === 200;
  });
});

it('requests to one peer are bounded by limits.maxRequestsToPeer', async () => {
  const stream = { messaging: { stream: false as const } };
  const alice = await startPeer({ providers: [Slow], options: stream });
  const bob = await startPeer({
    options: {
      ...stream,
      peers: [alice.address],
      limits: { maxRequestsToPeer: 5 },
      healthCheck: false,
    },
  });
  await until(() => agree([alice, bob]));
  const { id } = alice.membership.self;
  const sent = Array.from({ length: 20 }, () => bob.messaging.send(id, {}));
  const first = await Promise.race(
    sent.map((each) => each.catch((error: Error) => error)),
  );
  expect(first).toMatchObject({ code: 'OVERLOADED' });
  expect((first as Error).cause).toMatchObject({
    message: expect.stringContaining('limits.maxRequestsToPeer') as string,
  });
  release();
  const results = await Promise.allSettled(sent);
  expect(results.some(({ status }) => status === 'fulfilled')).toBe(true);
});

it('answers whose headers are over limits.maxHeaderBytes are not read', async () => {
  const alice = await startPeer({
    options: { limits: { maxHeaderBytes: 2048 } },
  });
  const liar = await fakePeer({ id: 'liar' });
  const join = { id: 'liar', port: liar.port };
  liar.headers = { 'x-padding': 'x'.repeat(4096) };
  const refused = await post(alice, '/join', join);
  expect(refused.body).toMatchObject({ error: { code: 'CHECK_FAILED' } });
  liar.headers = {};
  const taken = await post(alice, '/join', join);
  expect(taken.body).toMatchObject({ status: 'joined' });
});

it('answers over limits.maxAnswerBytes are not read', async () => {
  const alice = await startPeer({
    options: { maxPeers: 10, limits: { maxAnswerBytes: 2048 } },
  });
  const mallory = await maliciousMember(alice, 'mallory');
  mallory.reply = { padding: 'x'.repeat(1000) };
  expect(await alice.messaging.send('mallory', {})).toEqual(mallory.reply);
  mallory.reply = { padding: 'x'.repeat(3000) };
  await expect(alice.messaging.send('mallory', {})).rejects.toThrow('2048 B');
  const padding = 'x'.repeat(MAX_CONTROL_BYTES);
  const liar = await fakePeer({ id: 'liar', padding });
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
  const limits = { connectionsPerPeer: 2, maxConnectedPeers: 2 };
  const alice = await startPeer({ options: { limits, healthCheck: false } });
  const sockets = new OpenSockets(alice.port);
  for (let count = 0; count < 6; count++) {
    await maliciousMember(alice, `member-${count}`);
  }
  const sent = Array.from({ length: 5 }, () =>
    alice.messaging.broadcast({ hello: 'all' }),
  );
  const results = (await Promise.all(sent)).flat();
  sockets.stop();
  expect(results.filter((result) => 'value' in result)).toHaveLength(30);
  expect(sockets.most).toBe(4);
});
