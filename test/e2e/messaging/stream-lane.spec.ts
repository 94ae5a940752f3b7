import {
  ConflictException,
  Injectable,
  type MiddlewareConsumer,
  Module,
} from '@nestjs/common';
import compression from 'compression';
import {
  OnPeerMessage,
  PeerSecurity,
  type MessageError,
  type Peer,
} from '../../../src/index.js';
import { until } from '../../support/until.js';
import {
  closePeers,
  cutOff,
  startPeer,
  type PeerApp,
  type PeerAppSetup,
} from '../module/support/peer-app.js';
import { startPair } from './support/message-pair.js';
import { RequestsSeen } from './support/requests-seen.js';

@Injectable()
class Handlers {
  readonly started: number[] = [];
  readonly waiting: (() => void)[] = [];

  @OnPeerMessage('echo')
  echo(body: { n: number; text?: string }, sender: Peer) {
    return { n: body.n, text: body.text ?? null, from: sender.id };
  }

  @OnPeerMessage('later')
  async later(body: { n: number }) {
    this.started.push(body.n);
    await new Promise<void>((resolve) => setImmediate(resolve));
    return { n: body.n };
  }

  @OnPeerMessage('never')
  async never() {
    await new Promise<void>((resolve) => this.waiting.push(resolve));
    return { late: true };
  }

  @OnPeerMessage('fail')
  fail() {
    throw new ConflictException({ why: 'taken' });
  }

  @OnPeerMessage('cycle')
  cycle() {
    const reply: { self?: unknown } = {};
    reply.self = reply;
    return reply;
  }

  @OnPeerMessage('big')
  big(body: { size: number }) {
    return { text: 'x'.repeat(body.size) };
  }
}

const seen = new RequestsSeen();
beforeEach(() => seen.start());
afterEach(async () => {
  await closePeers();
  seen.stop();
});

const WAYS: Record<string, PeerAppSetup> = {
  'Express, mounted': { adapter: 'express' },
  'Fastify, mounted': { adapter: 'fastify' },
  'Express, own listener': { adapter: 'express', place: 'own listener' },
  'Fastify, own listener': { adapter: 'fastify', place: 'own listener' },
};

describe.each(Object.entries(WAYS))('streams to a peer on %s', (_, way) => {
  it('carry messages, replies and errors over one request', async () => {
    const { send, sender, receiver } = await startPair({
      providers: [Handlers],
      receiver: way,
    });
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_each, n) =>
        send({ type: 'echo', n, text: 'é€😀\n"' }),
      ),
    );
    const from = sender.membership.self.id;
    expect(replies).toEqual(
      replies.map((_each, n) => ({ n, text: 'é€😀\n"', from })),
    );
    await expect(send({ type: 'fail' })).rejects.toMatchObject({
      code: 'BAD_STATUS',
      status: 409,
      payload: { why: 'taken' },
    });
    await expect(send({ type: 'cycle' })).rejects.toMatchObject({
      status: 500,
    });
    await expect(send({ type: 'unknown' })).rejects.toMatchObject({
      code: 'NO_HANDLER',
    });
    expect(seen.of('/stream', sender, receiver)).toBe(1);
    expect(seen.of('/message', sender, receiver)).toBe(0);
  });
});

describe('the stream lane', () => {
  it('starts handlers in the order of sending, from the first message on', async () => {
    const { send, sender, receiver } = await startPair({
      providers: [Handlers],
    });
    const count = 3000;
    await Promise.all(
      Array.from({ length: count }, (_each, n) => send({ type: 'later', n })),
    );
    const { started } = receiver.app.get(Handlers);
    expect(started).toEqual(Array.from({ length: count }, (_each, n) => n));
    expect(seen.of('/stream', sender, receiver)).toBe(1);
  });

  it('keeps the order and loses nothing while one stream takes over from another', async () => {
    const secret = 'x'.repeat(40);
    const { send, sender, receiver } = await startPair({
      providers: [Handlers],
      options: { security: { secret } },
    });
    // With other secrets, all streams are opened anew.
    const security = receiver.app.get(PeerSecurity, { strict: false });
    const replies: Promise<unknown>[] = [];
    await until(
      () => {
        for (let each = 0; each < 20; each++) {
          replies.push(send({ type: 'later', n: replies.length }));
        }
        if (replies.length % 400 === 0) {
          security.replaceSecrets([secret, 'y'.repeat(40)]);
        }
        return seen.of('/stream', sender, receiver) > 6;
      },
      { interval: 5 },
    );
    await Promise.all(replies);
    const { started } = receiver.app.get(Handlers);
    expect(started).toEqual(replies.map((_each, n) => n));
    expect(seen.of('/message', sender, receiver)).toBe(0);
  });

  it('is not held up by a slow handler', async () => {
    const { send, receiver } = await startPair({
      providers: [Handlers],
    });
    const slow = send({ type: 'never' });
    expect(await send({ type: 'echo', n: 1 })).toMatchObject({ n: 1 });
    receiver.app.get(Handlers).waiting[0]!();
    expect(await slow).toEqual({ late: true });
  });

  it('gives up at the deadline and at the signal, and goes on', async () => {
    const { send } = await startPair({
      providers: [Handlers],
    });
    await expect(
      send({ type: 'never' }, { timeout: 30 }),
    ).rejects.toMatchObject({ code: 'TIMEOUT', timeout: 30 });
    const controller = new AbortController();
    const aborted = send({ type: 'never' }, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(aborted).rejects.toMatchObject({
      code: 'ABORTED',
      cause: { message: 'enough' },
    });
    expect(await send({ type: 'echo', n: 2 })).toMatchObject({ n: 2 });
  });

  it('closes an idle stream and opens another', async () => {
    const { send, sender, receiver } = await startPair({
      providers: [Handlers],
      options: {
        healthCheck: false,
        messaging: { stream: { idleTimeout: 100, heartbeatInterval: 50 } },
      },
    });
    await send({ type: 'echo', n: 1 });
    const opensAnother = async () => {
      await send({ type: 'echo', n: 2 });
      return seen.of('/stream', sender, receiver) > 1;
    };
    await until(opensAnother, { interval: 400 });
    expect(seen.of('/message', sender, receiver)).toBe(0);
  });

  it('holds callers back over its bounds, and says so at their deadline', async () => {
    const { send, receiver } = await startPair({
      providers: [Handlers],
      options: { messaging: { stream: { maxInFlight: 4 } } },
    });
    const stuck = Array.from({ length: 4 }, () => send({ type: 'never' }));
    const { waiting } = receiver.app.get(Handlers);
    await until(() => waiting.length === 4);
    await expect(
      send({ type: 'echo', n: 1 }, { timeout: 50 }),
    ).rejects.toMatchObject({ code: 'OVERLOADED' });
    const patient = send({ type: 'echo', n: 2 });
    waiting[0]!();
    expect(await patient).toMatchObject({ n: 2 });
    for (const release of waiting) {
      release();
    }
    await Promise.all(stuck);
  });

  it('lets two peers flood each other with more than the system holds for them', async () => {
    const { send, sender, receiver } = await startPair({
      providers: [Handlers],
      options: {
        maxMessageBytes: 2_000_000,
        messaging: {
          stream: { maxInFlight: 64, maxQueuedBytes: 200_000_000 },
        },
      },
    });
    const back = receiver.membership.get(sender.membership.self.id)!;
    const text = 'x'.repeat(1_000_000);
    const both = Array.from({ length: 64 }, (_each, n) => [
      send({ type: 'echo', n, text }, { timeout: 25_000 }),
      back.send({ type: 'echo', n, text }, { timeout: 25_000 }),
    ]).flat();
    // Neither could write on if it did not read the replies meanwhile: they fill all that is between.
    expect(await Promise.all(both)).toHaveLength(128);
    expect(seen.of('/stream', sender, receiver)).toBe(1);
    expect(seen.of('/stream', receiver, sender)).toBe(1);
  });

  it('sends large bodies, refuses too large ones and too large replies', async () => {
    const { send } = await startPair({
      providers: [Handlers],
      options: {
        maxMessageBytes: 400_000,
        maxPeers: 100,
        limits: { maxAnswerBytes: 300_000 },
      },
    });
    const text = 'é'.repeat(120_000);
    expect(await send({ type: 'echo', n: 1, text })).toMatchObject({ text });
    await expect(
      send({ type: 'echo', n: 1, text: 'x'.repeat(500_000) }),
    ).rejects.toMatchObject({ code: 'BAD_STATUS', status: 413 });
    await expect(send({ type: 'big', size: 350_000 })).rejects.toMatchObject({
      status: 500,
      payload: { code: 'REPLY_TOO_LARGE' },
    });
    expect(await send({ type: 'big', size: 250_000 })).toBeDefined();
  });

  it('goes by /message where the receiver takes no streams', async () => {
    const { send, sender, receiver } = await startPair({
      providers: [Handlers],
      receiver: { options: { messaging: { stream: false } } },
    });
    for (const n of [1, 2, 3]) {
      expect(await send({ type: 'echo', n })).toMatchObject({ n });
    }
    expect(seen.of('/stream', sender, receiver)).toBe(1);
    expect(seen.of('/message', sender, receiver)).toBe(3);
  });

  /** A sender that may have one stream and has it to the receiver, and a third peer that it knows. */
  async function startWithOneStream() {
    const pair = await startPair({
      providers: [Handlers],
      sender: { messaging: { stream: { maxStreams: 1 } } },
    });
    await pair.send({ type: 'echo', n: 1 });
    const third = await startPeer({
      providers: [Handlers],
      options: { peers: [pair.receiver.address] },
    });
    await until(() => pair.sender.membership.get(third.membership.self.id));
    return { ...pair, third };
  }

  it('keeps to its number of streams; the rest goes by /message', async () => {
    const { sender, receiver, third } = await startWithOneStream();
    const results = await sender.messaging.broadcast({ type: 'echo', n: 2 });
    expect(results).toHaveLength(2);
    expect(results.every(({ error }) => !error)).toBe(true);
    const sent = (path: string) =>
      seen.of(path, sender, receiver) + seen.of(path, sender, third);
    expect(sent('/stream')).toBe(1);
    expect(sent('/message')).toBe(1);
  });

  it('gives the place of a stream that rests to another peer', async () => {
    const { send, sender, receiver, third } = await startWithOneStream();
    const thirdId = third.membership.self.id;
    const streamsTo = (peer: PeerApp) => seen.of('/stream', sender, peer);
    await until(async () => {
      await sender.messaging.send(thirdId, { type: 'echo', n: 2 });
      return streamsTo(third) === 1;
    });
    const { n } = (await send({ type: 'echo', n: 3 })) as { n: number };
    expect(n).toBe(3);
    expect(streamsTo(receiver)).toBe(1);
  });

  it('passes compression in the app', async () => {
    @Module({ providers: [Handlers] })
    class Compressed {
      configure(consumer: MiddlewareConsumer) {
        consumer.apply(compression({ threshold: 0 })).forRoutes('{*path}');
      }
    }
    const { send, sender, receiver } = await startPair({
      providers: [],
      receiver: { imports: [Compressed] },
    });
    const text = 'x'.repeat(10_000);
    expect(await send({ type: 'echo', n: 1, text })).toMatchObject({ text });
    expect(seen.of('/stream', sender, receiver)).toBe(1);
    expect(seen.of('/message', sender, receiver)).toBe(0);
  });

  it('opens a new stream for a peer that has come back', async () => {
    const id = 'fixed-id';
    const { send, receiver, sender } = await startPair({
      providers: [Handlers],
      receiver: { options: { id } },
    });
    await send({ type: 'echo', n: 1 });
    const { port } = receiver;
    await receiver.close();
    await startPeer({
      providers: [Handlers],
      port,
      options: { id, peers: [sender.address] },
    });
    await until(() => sender.membership.get(id));
    expect(await sender.messaging.send(id, { type: 'echo', n: 2 })).toEqual(
      expect.objectContaining({ n: 2 }),
    );
  });

  it('goes over streams in a signed cloud too', async () => {
    const { send, sender, receiver } = await startPair({
      providers: [Handlers],
      options: { security: { secret: 'x'.repeat(40) } },
    });
    const text = 'é'.repeat(100_000);
    const replies = await Promise.all(
      Array.from({ length: 300 }, (_each, n) =>
        send(n === 150 ? { type: 'echo', n, text } : { type: 'echo', n }),
      ),
    );
    expect(replies.map((reply) => (reply as { n: number }).n)).toEqual(
      replies.map((_each, n) => n),
    );
    expect(replies[150]).toMatchObject({ text });
    expect(seen.of('/stream', sender, receiver)).toBe(1);
    expect(seen.of('/message', sender, receiver)).toBe(0);
  });

  it('takes one signal for many messages', async () => {
    const { sender } = await startPair({ providers: [Handlers] });
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    onTestFinished(() => void process.off('warning', onWarning));
    const controller = new AbortController();
    const { signal } = controller;
    const all = Array.from({ length: 20 }, () =>
      sender.messaging.broadcast({ type: 'never' }, { signal }),
    );
    controller.abort();
    const results = (await Promise.all(all)).flat();
    expect(results.map(({ error }) => error?.code)).toEqual(
      results.map(() => 'ABORTED'),
    );
    expect(warnings).toEqual([]);
  });

  it('does not give to another peer what is meant for one that was there', async () => {
    const { send, receiver, sender } = await startPair({
      providers: [Handlers],
      options: { healthCheck: false },
    });
    const { port } = receiver;
    cutOff(receiver);
    const other = await startPeer({
      providers: [Handlers],
      port,
      options: { peers: [sender.address], healthCheck: false },
    });
    await until(() => other.membership.isJoined);
    const outcome = await send({ type: 'later', n: 1 }).catch(
      (error: MessageError) => error.code,
    );
    expect([
      'UNREACHABLE',
      'CONNECTION_LOST',
      'NO_SUCH_PEER',
      'PEER_LEFT',
    ]).toContain(outcome);
    expect(other.app.get(Handlers).started).toEqual([]);
  });
});
