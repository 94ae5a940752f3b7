import { spawn } from 'node:child_process';
import { Injectable } from '@nestjs/common';
import { finalize, interval } from 'rxjs';
import { OnPeerMessage } from '../../../src/index.js';
import { FEATURES } from '../../../src/wire/endpoints.js';
import { someOf } from '../../support/amount.js';
import { takeStreams, type TakenStream } from '../../support/stream-server.js';
import { usePrograms } from '../../support/programs.js';
import { until } from '../../support/until.js';
import {
  checkUntil,
  closePeers,
  startPeer,
} from '../module/support/peer-app.js';
import {
  closeFakePeers,
  maliciousMember,
} from '../security/support/fake-peer.js';
import { startPair } from './support/message-pair.js';
import { RawStream } from './support/raw-stream.js';

@Injectable()
class Handlers {
  produced = 0;
  running = 0;

  @OnPeerMessage('generator')
  async *generator() {
    this.running++;
    try {
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        yield { n: this.produced++ };
      }
    } finally {
      this.running--;
    }
  }

  @OnPeerMessage('observable')
  observable() {
    this.running++;
    return interval(1).pipe(finalize(() => this.running--));
  }

  @OnPeerMessage('bulk')
  async *bulk() {
    this.running++;
    try {
      for (;;) {
        this.produced++;
        yield await Promise.resolve({ text: 'x'.repeat(100_000) });
      }
    } finally {
      this.running--;
    }
  }

  @OnPeerMessage('three')
  async *three() {
    yield* [1, 2, 3];
  }

  @OnPeerMessage('never')
  never() {
    return new Promise(() => undefined);
  }
}

const READER = 'test/e2e/messaging/programs/reader.ts';
const HELLO = { v: 1, heartbeat: 60_000, maxBytes: 1_000_000 };
const ENDLESS = { type: 'generator' };

const programs = usePrograms(READER);
let stream: RawStream | undefined;

afterEach(async () => {
  stream?.close();
  stream = undefined;
  await Promise.all([closePeers(), closeFakePeers()]);
});

/** A stream made by hand to a peer that has the handlers. */
async function open(options = {}) {
  const { sender, receiver } = await startPair({
    providers: [Handlers],
    options: { ...options, healthCheck: false },
  });
  stream = await RawStream.open(receiver.port, {
    'x-peercloud-id': sender.membership.self.id,
  });
  stream.write(HELLO);
  return { stream, handlers: receiver.app.get(Handlers) };
}

const repliesOn = ({ lines }: RawStream) =>
  lines.filter((line) => line.startsWith('["n"'));

describe('a sender that asks for several replies', () => {
  it('gets so many characters of them as it says, and the end after them', async () => {
    const { stream } = await open();
    stream.write(['m', 0, { replies: 9 }, 7, 5000, { type: 'three' }]);
    // A reply is sent while anything is left, and may take more than that.
    await until(() => repliesOn(stream).length === 1);
    stream.write(['c', 7, 1, 8, 5]);
    await until(() => repliesOn(stream).length === 2);
    stream.write(['c', 7, 1000]);
    expect(await stream.reply(7)).toEqual([204, null]);
    expect(repliesOn(stream)).toEqual([1, 2, 3].map((n) => `["n",7,${n}]`));
  });

  it('gets no more of them once it wants none, and the handler ends', async () => {
    const { stream, handlers } = await open();
    stream.write(['m', 0, { replies: 1000 }, 7, 5000, ENDLESS]);
    await until(() => repliesOn(stream).length > 10);
    expect(handlers.running).toBe(1);
    stream.write(['c', 7, 0]);
    await until(() => handlers.running === 0);
    stream.write(['c', 7, 1000], ['c', 7, 0], ['m', 0, 8, 5000, ENDLESS]);
    stream.write(['m', 0, { replies: 1000 }, 9, 5000, { type: 'three' }]);
    expect(await stream.reply(9)).toEqual([204, null]);
    expect(stream.closed).toBe(false);
  });

  it.each([
    ['one that says how much by no number', { replies: 'x' }],
    ['of none', { replies: 0 }],
    ['of a part', { replies: 1.5 }],
    ['of more than there is', { replies: 2 ** 31 }],
  ])('gets a refusal for a head %s', async (_, head) => {
    const { stream, handlers } = await open();
    stream.write(['m', 0, head, 7, 5000, ENDLESS]);
    expect(await stream.reply(7)).toMatchObject([
      400,
      { code: 'INVALID_HEAD' },
    ]);
    expect(handlers.running).toBe(0);
  });

  it.each([
    ['half a credit', ['c', 7]],
    ['a credit without an id', ['c', 'x', 5]],
    ['a credit of a part', ['c', 7, 0.5]],
    ['a negative credit', ['c', 7, -1]],
    ['more than there is', ['c', 7, 2 ** 31 - 1, 7, 2 ** 31 - 1]],
  ])('has its stream broken by %s, and the handler ends', async (_, line) => {
    const { stream, handlers } = await open();
    stream.write(['m', 0, { replies: 1 }, 7, 5000, ENDLESS]);
    await until(() => handlers.running === 1);
    stream.write(line);
    await until(() => stream.closed);
    await until(() => handlers.running === 0);
  });

  it('has so many at work as its limit, and what comes after them is not held', async () => {
    const { stream, handlers } = await open({
      messaging: { stream: { maxInFlight: 3 } },
    });
    const replies = { replies: 1 };
    for (let id = 1; id <= 3; id++) {
      stream.write(['m', 0, replies, id, 5000, ENDLESS]);
    }
    await until(() => handlers.running === 3);
    stream.write(['m', 0, replies, 4, 5000, ENDLESS]);
    expect(await stream.reply(4)).toMatchObject([
      429,
      { code: 'TOO_MANY_REQUESTS' },
    ]);
    stream.write(['m', 0, 5, 5000, { type: 'three' }]);
    expect(await stream.reply(5)).toEqual([200, 3]);
    stream.write(['c', 1, 0]);
    await until(() => handlers.running === 2);
    stream.write(['m', 0, { replies: 100 }, 6, 5000, { type: 'three' }]);
    expect(await stream.reply(6)).toEqual([204, null]);
  });

  it('gives up a number that it uses again', async () => {
    const { stream, handlers } = await open();
    stream.write(['m', 0, { replies: 1 }, 7, 5000, ENDLESS]);
    await until(() => handlers.running === 1);
    stream.write(['m', 0, { replies: 100 }, 7, 5000, { type: 'three' }]);
    expect(await stream.reply(7)).toEqual([204, null]);
    await until(() => handlers.running === 0);
  });

  it('does not make more than its socket takes, whatever it asks for', async () => {
    const { stream, handlers } = await open();
    stream.socket.pause();
    const replies = 2 ** 31 - 1;
    stream.write(['m', 0, { replies }, 7, 5000, { type: 'bulk' }]);
    let produced = -1;
    await until(
      () => {
        const isQuiet = produced === handlers.produced;
        ({ produced } = handlers);
        return isQuiet && produced > 2;
      },
      { interval: 200 },
    );
    stream.socket.resume();
    await until(() => handlers.produced > produced);
    stream.close();
    await until(() => handlers.running === 0);
  });

  it.each(someOf<NodeJS.Signals>(['SIGSTOP', 'SIGKILL'], 1))(
    'ends its handlers when it dies (%s)',
    async (signal) => {
      const peer = await startPeer({ providers: [Handlers] });
      const handlers = peer.app.get(Handlers);
      const { id } = peer.membership.self;
      const child = spawn(
        process.execPath,
        [programs(READER), 'reader', String(peer.port), id],
        { stdio: 'inherit' },
      );
      try {
        await until(() => handlers.running === 2 && handlers.produced > 100);
        child.kill(signal);
        await checkUntil(peer, () => handlers.running === 0);
        const left = peer.membership.get('reader') === undefined;
        expect(left || signal === 'SIGKILL').toBe(true);
      } finally {
        child.kill('SIGKILL');
      }
    },
  );
});

describe('a receiver that sends several replies', () => {
  async function startWith(onStream: (stream: TakenStream) => void) {
    const sender = await startPeer();
    const mallory = await maliciousMember(sender, 'mallory', [...FEATURES]);
    const streams: TakenStream[] = [];
    takeStreams(mallory.server, (taken) => {
      streams.push(taken);
      onStream(taken);
    });
    const read = async (options?: { timeout: number }) => {
      const values: unknown[] = [];
      try {
        for await (const value of sender.messaging.stream(
          'mallory',
          {},
          options,
        )) {
          values.push(value);
        }
        return values;
      } catch (error) {
        return [...values, (error as { code: string }).code];
      }
    };
    return { read, sender, streams };
  }

  /** Answers each request by lines that its id is put into. */
  const answering =
    (...lines: unknown[][]) =>
    ({ onFrame, write }: TakenStream) =>
      onFrame(([kind, , first, second]) => {
        const id = typeof first === 'number' ? first : second;
        for (const line of kind === 'm' ? lines : []) {
          write(line.map((each) => (each === 'id' ? id : each)));
        }
      });

  it('may send the last one with the end, or none', async () => {
    const { read } = await startWith(
      answering(['n', 'id', 1], ['n', 'id', 2], ['r', 'id', 200, 3]),
    );
    expect(await read()).toEqual([1, 2, 3]);
  });

  it('sends nothing to anybody after the end, or under numbers that nobody has', async () => {
    const { read, streams } = await startWith(
      answering(
        ['n', 999_999, 1],
        ['r', 'id', 204, null],
        ['n', 'id', 2],
        ['r', 'id', 200, 3],
      ),
    );
    expect(await read()).toEqual([]);
    expect(await read()).toEqual([]);
    expect(streams).toHaveLength(1);
  });

  it.each([
    ['a reply without an id', ['n', 'x', 1]],
    ['half a reply', ['n', 'id']],
    ['two replies in a line', ['n', 'id', 1, 'id', 2]],
  ])('has its stream broken by %s', async (_, line) => {
    const { read } = await startWith(answering(['n', 'id', 0], line));
    expect(await read()).toEqual([0, 'CONNECTION_LOST']);
  });

  it('has it broken by replies that were not asked for', async () => {
    const text = 'x'.repeat(100_000);
    const reply = ['n', 'id', text];
    const { sender, streams } = await startWith(
      answering(reply, reply, reply, reply),
    );
    const replies = sender.messaging.stream('mallory', {});
    const iterator = replies[Symbol.asyncIterator]();
    const value = { done: false, value: text };
    expect(await iterator.next()).toEqual(value);
    await until(() => streams[0]!.socket.closed);
    // What came before is read.
    expect(await iterator.next()).toEqual(value);
    expect(await iterator.next()).toEqual(value);
    await expect(iterator.next()).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
    });
  });

  it('has it broken by several replies to who wanted one', async () => {
    const { sender } = await startWith(answering(['n', 'id', 1]));
    await expect(sender.messaging.send('mallory', {})).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
    });
  });

  it('hears that its replies are unfit', async () => {
    const heard: unknown[][] = [];
    const deep = JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`) as unknown;
    const { read } = await startWith((taken) => {
      taken.onFrame((frame) => heard.push(frame));
      answering(['n', 'id', deep])(taken);
    });
    expect(await read()).toEqual(['INVALID_REPLY']);
    await until(() => heard.some(([kind, , n]) => kind === 'c' && n === 0));
  });

  it('hears that nobody waits any more', async () => {
    const heard: unknown[][] = [];
    const { read } = await startWith((taken) => {
      taken.onFrame((frame) => {
        // The first has its answer, and the stream is open then.
        if (heard.push(frame) === 1) {
          taken.write(['r', frame[3], 204, null]);
        }
      });
    });
    expect(await read()).toEqual([]);
    // Less than what it takes to count as silent.
    expect(await read({ timeout: 300 })).toEqual(['TIMEOUT']);
    await until(() => heard.some(([kind, , n]) => kind === 'c' && n === 0));
  });
});
