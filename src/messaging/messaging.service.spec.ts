import { HttpException } from '@nestjs/common';
import { EventEmitter } from 'node:events';
import { until } from '../../test/support/until.js';
import type { MembershipCore } from '../membership/core/membership-core.js';
import type { Member } from '../membership/core/membership.types.js';
import { PeerDirectory } from '../membership/peer-directory.js';
import type { ResolvedPeerCloudOptions } from '../options/peer-cloud.options.js';
import { resolveLimitOptions } from '../options/limits.options.js';
import type {
  PeerAnswer,
  PeerTransport,
  RequestOptions,
} from '../transport/peer-transport.interface.js';
import {
  TransportError,
  type TransportErrorCode,
} from '../transport/transport.error.js';
import type { JsonValue } from '../wire/json.js';
import type { PeerSecurity } from '../security/index.js';
import { BroadcastLane } from './lanes/broadcast.lane.js';
import { HttpLane } from './lanes/http.lane.js';
import { SelfLane } from './lanes/self.lane.js';
import {
  failedChannel,
  receivedChannel,
  sentChannel,
} from './message-channels.js';
import { MessageTraces } from './message-traces.js';
import { MessageRouter } from './handlers/message-router.js';
import { resolveMessagingOptions } from './messaging.options.js';
import { MessagingService } from './messaging.service.js';
import { StreamLane } from './stream/index.js';

/** Throws what is no Error. */
function fail(thrown: unknown): never {
  throw thrown;
}

function member(id: string): Member {
  return {
    id,
    ip: '127.0.0.1',
    port: 1,
    data: {},
    features: [],
    incarnation: 1,
    state: 'alive',
  };
}

function setUp() {
  const listed = [member('a'), member('b')];
  const core = {
    id: 'self',
    self: member('self'),
    isJoined: false,
    recovery: {
      isRunning: false,
      whenBack: undefined as Promise<void> | undefined,
    },
    members: () => listed,
    get: (id: string) => listed.find((each) => each.id === id),
    onEvent: () => () => undefined,
    askOver: () => undefined,
    hasLeft: (id: string) => id === 'left',
    noteAlive: vi.fn(),
    noteUnknownSender: vi.fn(),
  };
  const request = vi.fn<PeerTransport['request']>();
  const asCore = core as unknown as MembershipCore;
  const options = {
    messageTimeout: 5000,
    messaging: resolveMessagingOptions({ stream: false }, 'messaging'),
    maxMessageBytes: 2000,
    limits: resolveLimitOptions({ maxAnswerBytes: 3000 }, 'limits'),
  } as ResolvedPeerCloudOptions;
  const directory = new PeerDirectory(asCore);
  const traces = new MessageTraces();
  const router = new MessageRouter(asCore, traces);
  const messaging = new MessagingService(
    directory,
    router,
    new SelfLane(router, directory, options),
    new StreamLane(
      asCore,
      options,
      () => Promise.reject(new Error('no streams here')),
      new HttpLane(asCore, { request }, options),
    ),
    new BroadcastLane(asCore, options, undefined, {} as PeerSecurity),
    traces,
    asCore,
    options,
  );
  const answer = (status: number, body?: JsonValue) =>
    request.mockImplementation(async () =>
      Promise.resolve<PeerAnswer>({ status, body }),
    );
  directory.bindMessenger(messaging);
  return { core, request, directory, router, messaging, answer };
}

describe('MessagingService.send()', () => {
  it('asks by /message and resolves to the reply', async () => {
    const { messaging, request, answer, core } = setUp();
    answer(201, { ok: true });
    expect(await messaging.send('a', { n: 1 }, { timeout: 100 })).toEqual({
      ok: true,
    });
    expect(request).toHaveBeenCalledWith(
      expect.objectContaining({ id: 'a' }),
      'message',
      { n: 1 },
      {
        timeout: expect.any(Number) as number,
        signal: expect.any(AbortSignal) as AbortSignal,
      },
    );
    expect(request.mock.calls[0]![3].timeout).toBeLessThanOrEqual(100);
    expect(core.noteAlive).toHaveBeenCalledWith('a');
  });

  it('takes a Peer too, and lends its send()', async () => {
    const { messaging, directory, answer } = setUp();
    answer(200);
    const peer = directory.get('b')!;
    expect(await messaging.send(peer, {})).toEqual({});
    expect(await peer.send({})).toEqual({});
  });

  it('rejects for ids of nobody', async () => {
    const { messaging } = setUp();
    await expect(messaging.send('nobody', {})).rejects.toMatchObject({
      code: 'NO_SUCH_PEER',
      peerId: 'nobody',
    });
    await expect(messaging.send('left', {})).rejects.toMatchObject({
      name: 'NoSuchPeerError',
      code: 'PEER_LEFT',
      peerId: 'left',
    });
  });

  it.each([
    ['a number', 7],
    ['an array', []],
    ['null', null],
    ['nothing', undefined],
    ['a BigInt inside', { n: 1n }],
    ['a toJSON() that gives no object', { toJSON: () => 1 }],
    ['a toJSON() that throws null', { toJSON: () => fail(null) }],
  ])('refuses %s as a body', async (_, body) => {
    const { messaging, request } = setUp();
    for (const id of ['a', 'self']) {
      await expect(messaging.send(id, body)).rejects.toMatchObject({
        code: 'INVALID_BODY',
      });
    }
    expect(() => messaging.broadcast(body)).toThrow(
      expect.objectContaining({ code: 'INVALID_BODY' }),
    );
    expect(request).not.toHaveBeenCalled();
  });

  it.each([[0], [-1], [NaN], ['5' as never], [2 ** 31]])(
    'refuses %s as a timeout',
    async (timeout) => {
      const { messaging } = setUp();
      await expect(messaging.send('a', {}, { timeout })).rejects.toMatchObject({
        code: 'INVALID_OPTION',
      });
    },
  );

  it('gives the status and payload of an answer that is no success', async () => {
    const { messaging, answer } = setUp();
    answer(409, { message: 'taken' });
    await expect(messaging.send('a', {})).rejects.toMatchObject({
      code: 'BAD_STATUS',
      status: 409,
      payload: { message: 'taken' },
      message: 'peer a answered with status 409: taken',
    });
  });

  it('knows the answers that have a meaning of their own', async () => {
    const { messaging, answer, core } = setUp();
    answer(404, { statusCode: 404, code: 'NO_HANDLER' });
    await expect(messaging.send('a', {})).rejects.toMatchObject({
      code: 'NO_HANDLER',
    });
    answer(404, {});
    await expect(messaging.send('a', {})).rejects.toMatchObject({
      code: 'BAD_STATUS',
    });
    answer(403, { code: 'UNKNOWN_SENDER' });
    await expect(
      messaging.send('a', {}, { timeout: 50 }),
    ).rejects.toMatchObject({ code: 'BAD_STATUS', status: 403 });
    expect(core.noteUnknownSender).toHaveBeenCalledWith('a');
    expect(core.noteAlive).not.toHaveBeenCalled();
  });

  it('tries again where the news of its join has not arrived yet', async () => {
    const { messaging, request } = setUp();
    request
      .mockResolvedValueOnce({ status: 403, body: { code: 'UNKNOWN_SENDER' } })
      .mockResolvedValueOnce({ status: 200, body: { ok: true } });
    expect(await messaging.send('a', {})).toEqual({ ok: true });
  });

  it('lets one message ask, and the others wait until the peer knows this one', async () => {
    const { messaging, request, answer, core } = setUp();
    answer(403, { code: 'UNKNOWN_SENDER' });
    core.recovery.isRunning = true;
    const first = messaging.send('a', { n: 0 });
    await until(() => core.noteUnknownSender.mock.calls.length === 1);
    const others = Array.from({ length: 50 }, (_, n) =>
      messaging.send('a', { n }),
    );
    // Longer than a peer waits that is in, as far as it knows.
    await until(() => request.mock.calls.length === 6);
    expect(request.mock.calls.map(([, , body]) => body)).toEqual(
      Array.from({ length: 6 }, () => ({ n: 0 })),
    );
    const elsewhere = messaging.send('b', {}, { timeout: 50 });
    await expect(elsewhere).rejects.toMatchObject({ status: 403 });
    answer(200, { ok: true });
    core.recovery.isRunning = false;
    const replies = await Promise.all([first, ...others]);
    expect(replies).toEqual(replies.map(() => ({ ok: true })));
    expect(request.mock.calls.length).toBe(6 + 1 + 1 + 50);
  });

  it('asks nobody while this peer is known to be out, and sends what waits when it is back', async () => {
    const { messaging, request, answer, core } = setUp();
    let comeBack!: () => void;
    core.recovery.whenBack = new Promise((resolve) => (comeBack = resolve));
    answer(403, { code: 'UNKNOWN_SENDER' });
    const first = messaging.send('a', { n: 0 });
    const late = messaging.send('a', { n: 1 }, { timeout: 500 });
    await expect(late).rejects.toMatchObject({ status: 403 });
    const other = messaging.send('a', { n: 2 });
    // As long as four questions take of one that is in, as far as it knows.
    const hurried = messaging.send('b', {}, { timeout: 1500 });
    await expect(hurried).rejects.toMatchObject({ status: 403 });
    const toA = () => request.mock.calls.filter(([{ id }]) => id === 'a');
    expect(toA()).toHaveLength(2);
    answer(200, { ok: true });
    core.recovery.whenBack = undefined;
    comeBack();
    expect(await Promise.all([first, other])).toEqual([
      { ok: true },
      { ok: true },
    ]);
    expect(toA()).toHaveLength(4);
  });

  it('gives up for all that wait when it is no news that is awaited', async () => {
    const { messaging, request, answer, core } = setUp();
    answer(403, { code: 'UNKNOWN_SENDER' });
    const first = messaging.send('a', {});
    await until(() => core.noteUnknownSender.mock.calls.length === 1);
    const other = messaging.send('a', {});
    await Promise.all(
      [first, other].map((message) =>
        expect(message).rejects.toMatchObject({ status: 403 }),
      ),
    );
    expect(request).toHaveBeenCalledTimes(4);
  });

  it('has another message ask where the first one has no time left', async () => {
    const { messaging, request, answer, core } = setUp();
    answer(403, { code: 'UNKNOWN_SENDER' });
    const first = messaging.send('a', { n: 1 }, { timeout: 350 });
    const isOver = expect(first).rejects.toMatchObject({ status: 403 });
    await until(() => core.noteUnknownSender.mock.calls.length === 1);
    const other = messaging.send('a', { n: 2 });
    const hurried = messaging.send('a', { n: 3 }, { timeout: 1 });
    await expect(hurried).rejects.toMatchObject({ status: 403 });
    await isOver;
    answer(200, { ok: true });
    expect(await other).toEqual({ ok: true });
    expect(request.mock.calls.map(([, , body]) => body)).toEqual([
      { n: 1 },
      { n: 1 },
      { n: 2 },
    ]);
  });

  it('ends at once when it is aborted before it is tried again', async () => {
    const { messaging, answer, core } = setUp();
    answer(403, { code: 'UNKNOWN_SENDER' });
    const caller = new AbortController();
    const reply = messaging.send('a', {}, { signal: caller.signal });
    core.noteUnknownSender.mockImplementation(() => caller.abort());
    await expect(reply).rejects.toMatchObject({ code: 'ABORTED' });
    expect(core.noteUnknownSender).toHaveBeenCalledTimes(1);
  });

  it.each<[TransportErrorCode, string]>([
    ['REFUSED', 'UNREACHABLE'],
    ['UNREACHABLE', 'UNREACHABLE'],
    ['OVERLOADED', 'OVERLOADED'],
    ['CONNECTION_LOST', 'CONNECTION_LOST'],
    ['TIMEOUT', 'TIMEOUT'],
    ['ABORTED', 'ABORTED'],
    ['BAD_ANSWER', 'BAD_STATUS'],
  ])('calls %s of the transport %s', async (code, expected) => {
    const { messaging, request } = setUp();
    const cause = new TransportError(code, 'x');
    request.mockRejectedValue(cause);
    await expect(messaging.send('a', {})).rejects.toMatchObject({
      code: expected,
    });
  });

  it('does not send what is aborted already', async () => {
    const { messaging, request } = setUp();
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(messaging.send('a', {}, { signal })).rejects.toMatchObject({
      code: 'ABORTED',
      cause: { message: 'enough' },
    });
    expect(request).not.toHaveBeenCalled();
  });
});

describe('to a peer of before', () => {
  it('a message goes without its metadata', async () => {
    const { messaging, request, answer } = setUp();
    answer(200, { ok: true });
    const metadata = { a: 'b' };
    expect(await messaging.send('a', {}, { metadata })).toEqual({ ok: true });
    expect(request.mock.calls[0]![3]).not.toHaveProperty('headers');
  });

  it('nothing goes on a channel: it is not there', async () => {
    const { messaging, request } = setUp();
    const channel = messaging.channel('c');
    expect(await channel.send('a', {})).toBeUndefined();
    const results = await channel.broadcast({});
    expect(results.map(({ value, error }) => [value, error])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
    expect(request).not.toHaveBeenCalled();
  });

  it('an answer with the code of a channel that is not there is an error as ever', async () => {
    const { messaging, answer } = setUp();
    answer(404, { code: 'NO_CHANNEL' });
    await expect(messaging.send('a', {})).rejects.toMatchObject({
      code: 'BAD_STATUS',
    });
  });
});

describe('MessagingService.send() to oneself', () => {
  it('needs no network, and copies both ways', async () => {
    const { messaging, router, directory, request } = setUp();
    const kept: unknown[] = [];
    const value = { at: new Date(0) };
    router.register(undefined, {
      name: 'Test.any',
      invoke: (body, sender) => {
        kept.push(body, sender);
        return value;
      },
    });
    const body = { list: [1], none: undefined };
    const reply = await messaging.send('self', body);
    expect(reply).toEqual({ at: '1970-01-01T00:00:00.000Z' });
    expect(kept).toEqual([{ list: [1] }, directory.self]);
    expect(kept[0]).not.toBe(body);
    expect(request).not.toHaveBeenCalled();
  });

  it('has the errors of a real one', async () => {
    const { messaging, router } = setUp();
    const never = new Promise(() => undefined);
    const invoke = (body: JsonValue) => {
      const { type } = body as { type: string };
      if (type === 'refused') {
        throw new HttpException('no', 418);
      }
      return type === 'bigint' ? { n: 1n } : never;
    };
    for (const type of ['refused', 'bigint', 'never']) {
      router.register(type, { name: `Test.${type}`, invoke });
    }
    const send = (type: string, options = {}) =>
      messaging.send('self', { type }, options);
    await expect(send('refused')).rejects.toMatchObject({ status: 418 });
    await expect(send('bigint')).rejects.toMatchObject({ status: 500 });
    await expect(send('other')).rejects.toMatchObject({ code: 'NO_HANDLER' });
    await expect(send('never', { timeout: 5 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      timeout: 5,
    });
    const controller = new AbortController();
    const aborted = send('never', { signal: controller.signal });
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

describe('MessagingService.send() to oneself, like any other', () => {
  const deep = (levels: number): JsonValue =>
    levels === 1 ? {} : { a: deep(levels - 1) };
  const named = JSON.parse('{"a":[{"__proto__":{"admin":true}}]}') as JsonValue;

  it('is bounded in size, both ways', async () => {
    const { messaging, router } = setUp();
    const invoke = vi.fn((body: JsonValue) => ({
      text: 'é'.repeat((body as { size: number }).size),
    }));
    router.register(undefined, { name: 'Test.any', invoke });
    const text = 'x'.repeat(2000);
    await expect(messaging.send('self', { text })).rejects.toMatchObject({
      status: 413,
      payload: { code: 'BODY_TOO_LARGE' },
    });
    expect(invoke).not.toHaveBeenCalled();
    await expect(messaging.send('self', { size: 1500 })).rejects.toMatchObject({
      status: 500,
      payload: { code: 'REPLY_TOO_LARGE' },
    });
    expect(await messaging.send('self', { size: 1400 })).toBeDefined();
  });

  it('is refused where it is nested too deep, or names prototypes', async () => {
    const { messaging, router } = setUp();
    const invoke = vi.fn(() => undefined);
    router.register(undefined, { name: 'Test.any', invoke });
    for (const body of [deep(129), named]) {
      await expect(messaging.send('self', body)).rejects.toMatchObject({
        status: 400,
        payload: { code: 'INVALID_JSON' },
      });
    }
    expect(invoke).not.toHaveBeenCalled();
    expect(await messaging.send('self', deep(128))).toEqual({});
  });

  it('has its reply refused for the same', async () => {
    const { messaging, router } = setUp();
    const invoke = vi.fn<() => JsonValue>();
    router.register(undefined, { name: 'Test.any', invoke });
    for (const reply of [deep(129), named]) {
      invoke.mockReturnValue(reply);
      await expect(messaging.send('self', {})).rejects.toMatchObject({
        code: 'INVALID_REPLY',
      });
    }
    invoke.mockReturnValue(deep(128));
    expect(await messaging.send('self', {})).toEqual(deep(128));
  });
});

describe('MessagingService.broadcast()', () => {
  it('gives each peer one result, in order, without oneself', async () => {
    const { messaging, request } = setUp();
    request.mockImplementation(async ({ id }: { id?: string }) =>
      id === 'a'
        ? Promise.resolve({ status: 200, body: { n: 1 } })
        : Promise.reject(new TransportError('REFUSED', 'x')),
    );
    const [first, second, ...rest] = await messaging.broadcast({ n: 1 });
    expect(first).toMatchObject({ peer: { id: 'a' }, value: { n: 1 } });
    expect(second).toMatchObject({
      peer: { id: 'b' },
      error: { code: 'UNREACHABLE' },
    });
    expect(rest).toEqual([]);
  });

  it('gives all peers the same deadline', async () => {
    const { messaging, request } = setUp();
    request.mockImplementation(
      (_target, _endpoint, _body, { timeout }: RequestOptions) =>
        new Promise((_resolve, reject) =>
          setTimeout(() => reject(new TransportError('TIMEOUT', 'x')), timeout),
        ),
    );
    const results = await messaging.broadcast({}, { timeout: 10 });
    expect(results.map(({ error }) => error?.code)).toEqual([
      'TIMEOUT',
      'TIMEOUT',
    ]);
  });
});

describe('diagnostics channels', () => {
  it('tell of what is sent, received and failed', async () => {
    const { messaging, request, router } = setUp();
    const notices = new EventEmitter();
    const seen: [string, unknown][] = [];
    notices.on('notice', (name: string, notice: unknown) =>
      seen.push([name, notice]),
    );
    const listen = (name: string) => (notice: unknown) =>
      notices.emit('notice', name, notice);
    const sent = listen('sent');
    const received = listen('received');
    const failed = listen('failed');
    sentChannel.subscribe(sent);
    receivedChannel.subscribe(received);
    failedChannel.subscribe(failed);
    try {
      request.mockRejectedValue(new TransportError('REFUSED', 'x'));
      await messaging.send('a', { n: 1 }).catch(() => undefined);
      router.register('hi', { name: 'Test.hi', invoke: () => 1 });
      await messaging.send('self', { type: 'hi' });
    } finally {
      sentChannel.unsubscribe(sent);
      receivedChannel.unsubscribe(received);
      failedChannel.unsubscribe(failed);
    }
    expect(seen).toMatchObject([
      ['sent', { self: 'self', peer: { id: 'a' }, body: { n: 1 } }],
      ['failed', { peer: { id: 'a' }, error: { code: 'UNREACHABLE' } }],
      ['sent', { peer: { id: 'self' } }],
      ['received', { peer: { id: 'self' }, body: { type: 'hi' } }],
    ]);
  });
});
