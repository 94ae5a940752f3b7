import { EventEmitter, on } from 'node:events';
import {
  Catch,
  ConflictException,
  Injectable,
  UseFilters,
  UseInterceptors,
  type ExceptionFilter,
  type NestInterceptor,
} from '@nestjs/common';
import { concat, finalize, interval, map, of, range, throwError } from 'rxjs';
import {
  OnPeerMessage,
  PeerBody,
  type MessageError,
  type PeerCloudOptions,
} from '../../../src/index.js';
import { FEATURES } from '../../../src/wire/endpoints.js';
import { byAmount } from '../../support/amount.js';
import { ON_NATS } from '../../support/clouds.js';
import { until } from '../../support/until.js';
import {
  closePeers,
  startPeer,
  type AdapterName,
} from '../module/support/peer-app.js';
import { startPair, type MessagePair } from './support/message-pair.js';

const addTen: NestInterceptor = {
  intercept: (_, next) =>
    next.handle().pipe(map((each: { i: number }) => ({ i: each.i + 10 }))),
};

const passOn: NestInterceptor = { intercept: (_, next) => next.handle() };

@Catch(RangeError)
class RangeFilter implements ExceptionFilter<RangeError> {
  catch({ message }: RangeError) {
    return { caught: message };
  }
}

@Injectable()
class Handlers {
  readonly emitter = new EventEmitter();
  produced = 0;
  ticking = false;
  ended = 0;

  @OnPeerMessage('generator')
  async *generator({ n }: { n: number }) {
    try {
      for (let i = 0; i < n; i++) {
        this.produced = i + 1;
        yield await Promise.resolve({ i });
      }
    } finally {
      this.ended++;
    }
  }

  @OnPeerMessage('observable')
  observable({ n }: { n: number }) {
    return range(0, n).pipe(
      map((i) => ({ i })),
      finalize(() => this.ended++),
    );
  }

  @OnPeerMessage('params')
  async *params(@PeerBody('n') n: number) {
    yield* this.generator({ n });
  }

  @OnPeerMessage('intercepted')
  @UseInterceptors(addTen)
  intercepted(@PeerBody() body: { n: number }) {
    return this.observable(body);
  }

  @OnPeerMessage('intercepted generator')
  @UseInterceptors(passOn)
  interceptedGenerator(@PeerBody() body: { n: number }) {
    return this.generator(body);
  }

  @OnPeerMessage('one')
  one() {
    return { i: 0 };
  }

  @OnPeerMessage('nothing')
  nothing() {}

  @OnPeerMessage('ticks')
  ticks() {
    this.ticking = true;
    return interval(1).pipe(finalize(() => this.ended++));
  }

  @OnPeerMessage('events')
  async *events() {
    yield { ready: true };
    try {
      yield* on(this.emitter, 'event');
    } finally {
      this.ended++;
    }
  }

  @OnPeerMessage('raw events')
  rawEvents() {
    return on(this.emitter, 'event');
  }

  @OnPeerMessage('conflict')
  async *conflict() {
    yield* this.generator({ n: 2 });
    throw new ConflictException({ why: 'taken' });
  }

  @OnPeerMessage('failing observable')
  failing() {
    return concat(
      this.observable({ n: 2 }),
      throwError(() => new Error('secret')),
    );
  }

  @OnPeerMessage('cycle')
  async *cycle() {
    yield* this.generator({ n: 2 });
    const cycle: object[] = [];
    cycle.push(cycle);
    yield cycle;
  }

  @OnPeerMessage('filtered')
  @UseFilters(RangeFilter)
  async *filtered() {
    yield* this.generator({ n: 2 });
    throw new RangeError('too far');
  }

  @OnPeerMessage('filtered observable')
  @UseFilters(RangeFilter)
  filteredObservable() {
    return concat(
      of({ i: 0 }),
      throwError(() => new RangeError('too far')),
    );
  }

  @OnPeerMessage('large')
  async *large({ n }: { n: number }) {
    for (let i = 0; i < n; i++) {
      yield { i, text: 'ü'.repeat(100_000) };
    }
  }

  @OnPeerMessage('flood')
  flood() {
    return range(0, 1000).pipe(
      map(() => ({ text: 'x'.repeat(10_000) })),
      finalize(() => this.ended++),
    );
  }
}

const providers = [Handlers, RangeFilter];
const SIGNED = {
  security: { secret: 'a secret that all peers of the cloud share' },
};

afterEach(closePeers);

/** Reads all replies, and what ends them. */
async function readAll(
  replies: AsyncIterable<unknown>,
): Promise<{ values: unknown[]; error?: MessageError }> {
  const values: unknown[] = [];
  try {
    for await (const value of replies) {
      values.push(value);
    }
    return { values };
  } catch (error) {
    return { values, error: error as MessageError };
  }
}

const count = (n: number, from = 0) =>
  Array.from({ length: n }, (_, at) => ({ i: from + at }));

const CLOUDS: [string, AdapterName, PeerCloudOptions][] = [
  ['an open cloud on Express', 'express', {}],
  ['an open cloud on Fastify', 'fastify', {}],
  ['a signed cloud on Express', 'express', SIGNED],
  ['a signed cloud on Fastify', 'fastify', SIGNED],
];

describe.each(CLOUDS)('several replies in %s', (_, adapter, options) => {
  let pair: MessagePair;
  let handlers: Handlers;

  beforeEach(async () => {
    pair = await startPair({ providers, options, receiver: { adapter } });
    handlers = pair.receiver.app.get(Handlers);
  });

  const stream = (type: string, n = 0) =>
    pair.sender.messaging.stream(pair.peer, { type, n });

  it('come in their order, whatever the handler returns', async () => {
    for (const [type, expected] of [
      ['generator', count(1000)],
      ['observable', count(1000)],
      ['params', count(1000)],
      ['intercepted', count(1000, 10)],
      ['intercepted generator', count(1000)],
      ['one', count(1)],
      ['nothing', [{}]],
    ] as const) {
      expect(await readAll(stream(type, 1000)), type).toEqual({
        values: expected,
      });
    }
    expect(await readAll(stream('generator', 0))).toEqual({ values: [] });
    expect(await readAll(stream('observable', 0))).toEqual({ values: [] });
    const { values } = await readAll(stream('large', 20));
    expect(values).toHaveLength(20);
    expect(values[19]).toEqual({ i: 19, text: 'ü'.repeat(100_000) });
  });

  it('come side by side, and beside other messages', async () => {
    const all = await Promise.all([
      readAll(stream('generator', 5000)),
      readAll(stream('observable', 5000)),
      readAll(stream('generator', 5000)),
      pair.send({ type: 'one' }),
    ]);
    const values = count(5000);
    expect(all).toEqual([{ values }, { values }, { values }, { i: 0 }]);
  });

  it('end with the error that the handler throws after them', async () => {
    const conflict = await readAll(stream('conflict'));
    expect(conflict.values).toEqual(count(2));
    expect(conflict.error).toMatchObject({
      code: 'BAD_STATUS',
      status: 409,
      payload: { why: 'taken' },
    });
    for (const type of ['failing observable', 'cycle']) {
      const { values, error } = await readAll(stream(type));
      expect(values, type).toEqual(count(2));
      expect(error).toMatchObject({ code: 'BAD_STATUS', status: 500 });
      expect(JSON.stringify(error)).not.toContain('secret');
    }
    expect((await readAll(stream('nobody'))).error).toMatchObject({
      code: 'NO_HANDLER',
    });
  });

  it('end with what a filter makes of that', async () => {
    expect(await readAll(stream('filtered'))).toEqual({
      values: [...count(2), { caught: 'too far' }],
    });
    expect(await readAll(stream('filtered observable'))).toEqual({
      values: [...count(1), { caught: 'too far' }],
    });
    expect(await pair.send({ type: 'filtered observable' })).toEqual({
      caught: 'too far',
    });
  });

  it('are the last one for who wants one', async () => {
    for (const type of ['generator', 'observable', 'params'] as const) {
      expect(await pair.send({ type, n: 10 }), type).toEqual({ i: 9 });
    }
    expect(await pair.send({ type: 'generator', n: 0 })).toEqual({});
    expect(await pair.send({ type: 'intercepted', n: 3 })).toEqual({ i: 12 });
    await expect(pair.send({ type: 'conflict' })).rejects.toMatchObject({
      status: 409,
    });
  });

  it('end when their reader leaves after ten', async () => {
    for (const type of ['generator', 'ticks', 'observable', 'params']) {
      const read: unknown[] = [];
      for await (const value of stream(type, 20_000)) {
        if (read.push(value) === 10) {
          break;
        }
      }
      await until(() => handlers.ended === 1, { what: `the end of ${type}` });
      handlers.ended = 0;
    }
    // What was not read is nobody's burden.
    expect(await readAll(stream('generator', 3))).toEqual({ values: count(3) });
  });

  it('end when their reader leaves while the handler waits', async () => {
    const { emitter } = handlers;
    for (const type of ['raw events', 'ticks']) {
      const replies = stream(type)[Symbol.asyncIterator]();
      const next = replies.next();
      await until(() => {
        emitter.emit('event', type);
        return emitter.listenerCount('event') > 0 || type === 'ticks';
      });
      await next;
      const waiting = replies.next();
      await replies.return!();
      // A tick may have come before the reader left.
      const end = type === 'ticks' ? await replies.next() : await waiting;
      expect(end).toEqual({ done: true, value: undefined });
      await until(() => emitter.listenerCount('event') === 0);
    }
    await until(() => handlers.ended === 1);
  });

  it('end by the signal and by the time between two', async () => {
    const controller = new AbortController();
    const { messaging } = pair.sender;
    const aborted = readAll(
      messaging.stream(
        pair.peer,
        { type: 'ticks' },
        { signal: controller.signal },
      ),
    );
    await until(() => pair.receiver.app.get(Handlers).ticking);
    controller.abort('enough');
    expect((await aborted).error).toMatchObject({
      code: 'ABORTED',
      cause: 'enough',
    });
    const { values, error } = await readAll(
      messaging.stream(pair.peer, { type: 'events' }, { timeout: 300 }),
    );
    expect(values).toEqual([{ ready: true }]);
    expect(error).toMatchObject({ code: 'TIMEOUT' });
    // A generator hears of it when it goes on.
    await until(() => {
      handlers.emitter.emit('event');
      return handlers.ended === 2;
    });
  });
});

describe('a handler with several replies', () => {
  it('does not run ahead of a slow reader, whose time it is not', async () => {
    const { sender, receiver, peer } = await startPair({ providers });
    const handlers = receiver.app.get(Handlers);
    const timeout = 2000;
    const n = byAmount({ quick: 20_000, slow: 100_000, long: 100_000 });
    const body = { type: 'generator', n };
    let [read, ahead, isInOrder] = [0, 0, true];
    for await (const { i } of sender.messaging.stream<{ i: number }>(
      peer,
      body,
      { timeout },
    )) {
      isInOrder &&= i === read++;
      if (read === 100) {
        const since = performance.now();
        let produced: number;
        await until(() => {
          const isQuiet = produced === handlers.produced;
          ({ produced } = handlers);
          return isQuiet && performance.now() - since > timeout * 1.2;
        });
      }
      ahead = Math.max(ahead, handlers.produced - read);
    }
    expect([read, isInOrder, handlers.ended]).toEqual([n, true, 1]);
    // 256 KiB of lines of 16 characters at least.
    expect(ahead).toBeLessThan(16_384);
  });

  it('fails where it cannot be held back and is not read', async () => {
    const { sender, receiver, peer } = await startPair({
      providers,
      options: { messaging: { stream: { maxQueuedBytes: 1_000_000 } } },
    });
    for (const to of [peer, sender.membership.self]) {
      const { values, error } = await readAll(
        sender.messaging.stream(to, { type: 'flood' }),
      );
      expect(values.length).toBeLessThan(200);
      expect(error).toMatchObject({
        code: 'BAD_STATUS',
        status: 503,
        payload: { code: 'REPLIES_NOT_READ' },
      });
    }
    await until(() => receiver.app.get(Handlers).ended === 1);
  });

  it('is sent a message when its first reply is asked for, and not before', async () => {
    const { sender, receiver, peer } = await startPair({ providers });
    const body = { type: 'generator', n: 2 };
    const replies = sender.messaging.stream<{ i: number }>(peer, body);
    body.n = 100;
    await peer.send({ type: 'one' });
    expect(receiver.app.get(Handlers).produced).toBe(0);
    expect(await readAll(replies)).toEqual({ values: count(2) });
    expect(await readAll(replies)).toEqual({ values: [] });
    expect(() => sender.messaging.stream(peer, 7)).toThrow(
      expect.objectContaining({ code: 'INVALID_BODY' }),
    );
    expect(() => sender.messaging.stream(peer, {}, { timeout: -1 })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    );
    const gone = await readAll(sender.messaging.stream('nobody', {}));
    expect(gone.error).toMatchObject({ code: 'NO_SUCH_PEER' });
  });

  it('answers oneself the same way', async () => {
    const { messaging, membership, app } = await startPeer({ providers });
    const stream = (type: string, n = 0) =>
      messaging.stream(membership.self, { type, n });
    for (const type of ['generator', 'observable'] as const) {
      expect(await readAll(stream(type, 20_000))).toEqual({
        values: count(20_000),
      });
    }
    expect((await readAll(stream('conflict'))).error).toMatchObject({
      status: 409,
    });
    const handlers = app.get(Handlers);
    handlers.ended = 0;
    for await (const value of stream('ticks')) {
      if (value === 9) {
        break;
      }
    }
    await until(() => handlers.ended === 1);
  });

  it('answers on a channel too, which not everybody has', async () => {
    const { sender, receiver, peer } = await startPair({ providers });
    const channel = sender.messaging.channel('numbers');
    expect(await readAll(channel.stream(peer, {}))).toEqual({ values: [] });
    receiver.messaging
      .channel('numbers')
      .handle((_, from, metadata) => of(from.id, metadata['tenant']));
    const options = { metadata: { tenant: 'a' } };
    expect(await readAll(channel.stream(peer, {}, options))).toEqual({
      values: [sender.membership.self.id, 'a'],
    });
  });

  it('gives its last reply alone by /message', async () => {
    const { sender, peer } = await startPair({
      providers,
      options: { messaging: { stream: false } },
    });
    for (const type of ['generator', 'observable'] as const) {
      expect(
        await readAll(sender.messaging.stream(peer, { type, n: 5 })),
      ).toEqual({ values: [{ i: 4 }] });
    }
  });

  // Peers of the original kind speak HTTP alone.
  const original: [string, string[]][] = ON_NATS
    ? []
    : [['of the original kind', []]];
  it.each([
    ...original,
    ['without this', ['update', 'gossip', 'probe', 'sync', 'upgrade', 'head']],
    ['without heads', ['update', 'gossip', 'probe', 'sync', 'upgrade']],
  ])('gives a peer %s one reply, and gets one of it', (_, features) =>
    withFeatures(features, async () => {
      // Who owns keys says so as a feature, once it is settled.
      const options = { keys: { eligible: false } };
      const { sender, receiver, peer } = await startPair({
        providers,
        options,
      });
      expect(peer.features).toEqual(features);
      const { self } = sender.membership;
      const metadata = { tenant: 'a' };
      const body = { type: 'generator', n: 5 };
      for (const replies of [
        sender.messaging.stream(peer, body, { metadata }),
        receiver.messaging.stream(self.id, body),
      ]) {
        expect(await readAll(replies)).toEqual({ values: [{ i: 4 }] });
      }
      expect(await peer.send(body, { metadata })).toEqual({ i: 4 });
      expect(await receiver.messaging.send(self.id, body)).toEqual({ i: 4 });
    }),
  );
});

/** Lets all peers that start meanwhile advertise other features than they have. */
async function withFeatures(
  features: readonly string[],
  test: () => Promise<void>,
): Promise<void> {
  const all = FEATURES as unknown as string[];
  const kept = all.splice(0, all.length, ...features);
  try {
    await test();
  } finally {
    all.splice(0, all.length, ...kept);
  }
}
