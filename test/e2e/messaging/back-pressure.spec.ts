import { Injectable } from '@nestjs/common';
import { OnPeerMessage, type PeerCloudOptions } from '../../../src/index.js';
import { until } from '../../support/until.js';
import { closePeers } from '../module/support/peer-app.js';
import { startPair, type MessagePair } from './support/message-pair.js';
import { RawStream } from './support/raw-stream.js';
import { RequestsSeen } from './support/requests-seen.js';
import { StreamSockets } from './support/stream-sockets.js';

@Injectable()
class Handlers {
  readonly started: number[] = [];
  readonly held: (() => void)[] = [];
  atOnce = 0;
  most = 0;

  @OnPeerMessage('hold')
  async hold({ n }: { n: number }) {
    this.started.push(n);
    this.most = Math.max(this.most, ++this.atOnce);
    await new Promise<void>((resolve) => this.held.push(resolve));
    this.atOnce--;
    return { n };
  }

  @OnPeerMessage('turn')
  async turn({ n }: { n: number }) {
    this.started.push(n);
    this.most = Math.max(this.most, ++this.atOnce);
    await new Promise((resolve) => setImmediate(resolve));
    this.atOnce--;
    return { n };
  }

  @OnPeerMessage('big')
  big() {
    return { text: 'x'.repeat(300_000) };
  }

  @OnPeerMessage('hold big')
  async holdBig() {
    await new Promise<void>((resolve) => this.held.push(resolve));
    return this.big();
  }
}

const HELLO = { v: 1, heartbeat: 60_000, maxBytes: 1_000_000 };

let pair: MessagePair;
const streams: RawStream[] = [];
const timers: NodeJS.Timeout[] = [];
const sockets = new StreamSockets();

beforeEach(() => sockets.start());
afterEach(async () => {
  sockets.stop();
  timers.splice(0).forEach((timer) => clearInterval(timer));
  streams.splice(0).forEach((stream) => stream.close());
  await closePeers();
});

/** Starts a receiver and opens a stream to it by hand, with the first line written; without checks there is no other. */
async function open(
  options: PeerCloudOptions,
  hello: object = {},
): Promise<RawStream> {
  pair = await startPair({
    providers: [Handlers],
    options: { ...options, healthCheck: false },
  });
  return openAnother(hello);
}

async function openAnother(hello: object): Promise<RawStream> {
  const stream = await RawStream.open(pair.receiver.port, {
    'x-peercloud-id': pair.sender.membership.self.id,
  });
  streams.push(stream);
  stream.write({ ...HELLO, ...hello });
  return stream;
}

/** A line of many messages, numbered from `first` on. */
function lineOf(type: string, first: number, count: number, ms = 60_000) {
  const requests = Array.from({ length: count }, (_, at) => [
    first + at,
    ms,
    { type, n: first + at },
  ]);
  return ['m', 0, ...requests.flat()];
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);
const handlers = () => pair.receiver.app.get(Handlers);
const inFlight = (maxInFlight: number) => ({
  messaging: { stream: { maxInFlight } },
});

describe('a receiver of streams', () => {
  it('keeps few handlers at work, however many messages a line has', async () => {
    const stream = await open(inFlight(4));
    stream.write(lineOf('turn', 0, 500), lineOf('turn', 500, 500));
    stream.end();
    await stream.line((value) => (value as unknown[])[0] === 'e');
    // It is said only when everything has been started, and in order.
    expect(handlers().started).toEqual(numbers(1000));
    expect(handlers().most).toBe(4);
    await until(() => stream.closed);
    expect(stream.replies).toBe(1000);
  });

  it('counts all streams of a sender together', async () => {
    const first = await open(inFlight(4));
    const second = await openAnother({ renews: true });
    first.write(lineOf('hold', 0, 3));
    await until(() => handlers().atOnce === 3);
    second.write(lineOf('hold', 100, 3));
    await until(() => handlers().atOnce === 4);
    first.write(lineOf('hold', 3, 3));
    for (let released = 0; released < 9; released++) {
      const release = await until(() => handlers().held.shift());
      release();
    }
    await until(() => first.replies === 6 && second.replies === 3);
    expect(handlers().most).toBe(4);
  });

  it('holds to the limit of requests of one sender', async () => {
    const stream = await open({ limits: { maxRequestsPerSender: 3 } });
    expect(await stream.line(() => true)).toMatchObject({ maxInFlight: 3 });
    stream.write(lineOf('turn', 0, 100));
    await until(() => stream.replies === 100);
    expect(handlers().most).toBe(3);
  });

  it('is not held up for ever by handlers that never settle', async () => {
    const stream = await open({ ...inFlight(4), messageTimeout: 300 });
    stream.write(lineOf('hold', 0, 4, 300), lineOf('turn', 4, 1));
    await until(() => handlers().started.length === 5);
    await stream.reply(4);
    stream.end();
    await until(() => stream.closed);
  });

  it('does not hold places for long that nobody waits for any more', async () => {
    const first = await open({ ...inFlight(4), messageTimeout: 300 });
    first.write(lineOf('hold', 0, 4, 600_000));
    await until(() => handlers().started.length === 4);
    first.close();
    await until(() => sockets.open === 0);
    const second = await openAnother({});
    second.write(lineOf('turn', 4, 1, 600_000));
    await second.reply(4);
  });

  it('counts the handlers of streams that are gone', async () => {
    const first = await open({
      messaging: { stream: { maxInFlight: 4, heartbeatInterval: 50 } },
    });
    first.write(lineOf('hold', 0, 4));
    await until(() => handlers().atOnce === 4);
    first.close();
    await until(() => sockets.open === 0);
    const second = await openAnother({});
    second.write(lineOf('hold', 4, 4));
    // Time enough to start what it may not.
    await until(() => second.lines.filter((line) => line === '0').length > 3);
    for (let released = 0; released < 8; released++) {
      const release = await until(() => handlers().held.shift());
      release();
    }
    await until(() => second.replies === 4);
    expect(handlers().most).toBe(4);
  });

  it('forgets what was not started when the stream breaks', async () => {
    const stream = await open(inFlight(2));
    stream.write(lineOf('hold', 0, 4));
    await until(() => handlers().atOnce === 2);
    stream.close();
    const { sender } = pair;
    const next = await openAnother({});
    expect(sender.membership.peers()).toHaveLength(1);
    next.write(lineOf('turn', 10, 1));
    handlers().held.forEach((release) => release());
    await next.reply(10);
    expect(handlers().started).toEqual([0, 1, 10]);
  });

  it('does not take a stream for dead that it does not read itself', async () => {
    const stream = await open(
      { messaging: { stream: { maxInFlight: 2, heartbeatInterval: 50 } } },
      { heartbeat: 50 },
    );
    timers.push(setInterval(() => stream.write(0), 20));
    stream.write(lineOf('hold', 0, 4));
    await until(() => handlers().atOnce === 2);
    // Several times as long as an unread stream used to live.
    await until(() => stream.lines.filter((line) => line === '0').length > 20);
    expect(stream.closed).toBe(false);
    for (let released = 0; released < 4; released++) {
      const release = await until(() => handlers().held.shift());
      release();
    }
    await until(() => stream.replies === 4);
    expect(stream.closed).toBe(false);
  });

  it('gives up a stream whose replies are not taken', async () => {
    const stream = await open(
      { messaging: { stream: { heartbeatInterval: 50 } } },
      { heartbeat: 50 },
    );
    stream.socket.pause();
    timers.push(setInterval(() => stream.write(0), 20));
    stream.write(lineOf('big', 0, 100));
    await until(() => stream.closed);
  });

  it('gives up a stream whose last replies are not taken', async () => {
    const stream = await open(
      { messaging: { stream: { heartbeatInterval: 50 } } },
      { heartbeat: 50 },
    );
    stream.write(lineOf('hold big', 0, 100));
    stream.end();
    await stream.line((value) => (value as unknown[])[0] === 'e');
    stream.socket.pause();
    expect(sockets.open).toBe(1);
    handlers().held.forEach((release) => release());
    await until(() => sockets.open === 0);
  });
});

describe('a sender of streams', () => {
  it('does not take a receiver for dead that holds messages back', async () => {
    const { send, sender, receiver } = await startPair({
      providers: [Handlers],
      receiver: { options: { limits: { maxRequests: 2 } } },
    });
    const seen = new RequestsSeen().start();
    onTestFinished(() => seen.stop());
    const { held, started } = receiver.app.get(Handlers);
    const replies = numbers(12).map((n) => send({ type: 'hold', n }));
    const begun = performance.now();
    // Longer than silence takes to be suspect.
    await until(() => held.length === 2 && performance.now() - begun > 2500);
    for (const _ of replies) {
      const release = await until(() => held.shift());
      release();
    }
    expect(await Promise.all(replies)).toHaveLength(12);
    expect(started).toEqual(numbers(12));
    expect(seen.of('/stream', sender, receiver)).toBe(1);
  });

  it('loses nothing to handlers that take longer than heartbeats', async () => {
    const { send, receiver } = await startPair({
      providers: [Handlers],
      options: {
        messaging: { stream: { maxInFlight: 4, heartbeatInterval: 50 } },
      },
    });
    const { held, started } = receiver.app.get(Handlers);
    const replies = numbers(12).map((n) => send({ type: 'hold', n }));
    const begun = performance.now();
    await until(() => held.length === 4 && performance.now() - begun > 800);
    for (const _ of replies) {
      const release = await until(() => held.shift());
      release();
    }
    expect(await Promise.all(replies)).toHaveLength(12);
    expect(started).toEqual(numbers(12));
  });
});
