import { request as httpRequest } from 'node:http';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Injectable, type MiddlewareConsumer, Module } from '@nestjs/common';
import compression from 'compression';
import { OnPeerMessage } from '../../../src/index.js';
import type { MembershipCore } from '../../../src/membership/core/membership-core.js';
import { StreamAcceptor } from '../../../src/messaging/index.js';
import { MEMBERSHIP_CORE } from '../../../src/options/peer-cloud.tokens.js';
import { until } from '../../support/until.js';
import { closePeers, startPeer } from '../module/support/peer-app.js';
import {
  closeFakePeers,
  maliciousMember,
  say,
} from '../security/support/fake-peer.js';
import {
  serverOf,
  startPair,
  type MessagePair,
} from './support/message-pair.js';
import { RawStream } from './support/raw-stream.js';

@Injectable()
class Handlers {
  readonly handled: unknown[] = [];
  release!: () => void;

  @OnPeerMessage()
  any(body: object) {
    this.handled.push(body);
    return body;
  }

  @OnPeerMessage('wait')
  async wait() {
    await new Promise<void>((resolve) => (this.release = resolve));
    return { waited: true };
  }
}

const HELLO = { v: 1, heartbeat: 60_000, maxBytes: 1_000_000 };

const OLDEST_FIVE_OF_NINE = Array.from({ length: 9 }, (_, at) => at < 5);

let pair: MessagePair;
const streams: RawStream[] = [];

afterEach(async () => {
  for (const stream of streams.splice(0)) {
    stream.close();
  }
  await Promise.all([closePeers(), closeFakePeers()]);
});

/** Opens a stream in the name of the sender, which itself has none, as it does not check anybody. */
async function open(options = {}): Promise<RawStream> {
  pair = await startPair({
    providers: [Handlers],
    options: { maxMessageBytes: 2000, healthCheck: false, ...options },
  });
  return openAs(pair.sender.membership.self.id);
}

async function openAs(id: string): Promise<RawStream> {
  const stream = await RawStream.open(pair.receiver.port, {
    'x-peercloud-id': id,
  });
  streams.push(stream);
  return stream;
}

const handlers = () => pair.receiver.app.get(Handlers);

describe('a stream', () => {
  it('greets with version and limits', async () => {
    const stream = await open();
    const greeting = await stream.line(() => true);
    expect(greeting).toMatchObject({
      v: 1,
      maxBytes: 2000,
      maxInFlight: 1024,
      status: true,
      channels: true,
    });
    expect(stream.status).toBe(101);
    expect(stream.headers.upgrade).toBe('peercloud/1');
  });

  it('is not begun for who has gone while it was found out who that is', async () => {
    await open();
    const { app, port } = pair.receiver;
    const core = app.get<MembershipCore>(MEMBERSHIP_CORE);
    const member = core.get(pair.sender.membership.self.id);
    const gone = new Promise<void>((resolve) =>
      serverOf(pair.receiver).on('connection', (socket: Socket) =>
        socket.once('close', resolve),
      ),
    );
    const request = httpRequest({
      host: '127.0.0.1',
      port,
      path: '/stream',
      headers: {
        connection: 'Upgrade',
        upgrade: 'peercloud/1',
        'x-peercloud-id': 'late',
      },
    });
    request.on('error', () => undefined);
    const admit = vi.spyOn(core, 'admit').mockImplementation(async () => {
      request.destroy();
      await gone;
      return member;
    });
    const accept = vi.spyOn(app.get(StreamAcceptor), 'accept');
    request.end();
    await until(() => admit.mock.settledResults[0]?.type === 'fulfilled');
    await new Promise((resolve) => setImmediate(resolve));
    expect(accept).not.toHaveBeenCalled();
  });

  it('is not compressed, even for an opener that would take it so', async () => {
    @Module({ providers: [Handlers] })
    class Compressed {
      configure(consumer: MiddlewareConsumer) {
        consumer
          .apply(compression({ threshold: 0, filter: () => true }))
          .forRoutes('{*path}');
      }
    }
    pair = await startPair({
      providers: [],
      receiver: { imports: [Compressed] },
    });
    const stream = await RawStream.open(pair.receiver.port, {
      'x-peercloud-id': pair.sender.membership.self.id,
      'accept-encoding': 'gzip',
    });
    streams.push(stream);
    expect(stream.headers['content-encoding']).toBeUndefined();
    stream.write(HELLO, ['m', 0, 1, 5000, { a: 1 }]);
    expect(await stream.reply(1)).toEqual([200, { a: 1 }]);
  });

  it('answers requests by their ids', async () => {
    const stream = await open();
    stream.write(HELLO, ['m', 0, 7, 5000, { a: 1 }, 9, 5000, { b: 2 }], 0);
    expect(await stream.reply(9)).toEqual([200, { b: 2 }]);
    expect(await stream.reply(7)).toEqual([200, { a: 1 }]);
  });

  it('refuses strangers, and browsers', async () => {
    await open();
    const { port } = pair.receiver;
    const { id } = pair.sender.membership.self;
    const stranger = await RawStream.open(port, { 'x-peercloud-id': 'nobody' });
    const page = await RawStream.open(port, {
      'x-peercloud-id': id,
      origin: 'https://example.com',
    });
    streams.push(stranger, page);
    expect(stranger.status).toBe(403);
    expect(page.status).toBe(403);
  });

  it('takes nothing before its greeting has been heard', async () => {
    await open();
    const hasty = connect(pair.receiver.port, '127.0.0.1');
    hasty.on('error', () => undefined);
    hasty.write(
      `GET /stream HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: peercloud/1\r\nx-peercloud-id: ${pair.sender.membership.self.id}\r\n\r\n${JSON.stringify(HELLO)}\n`,
    );
    await once(hasty.resume(), 'close');
    expect(handlers().handled).toEqual([]);
  });

  it.each<[string, unknown[]]>([
    ['no greeting', [['m', 0, 1, 5000, {}]]],
    ['another version', [{ ...HELLO, v: 2 }]],
    ['a greeting without a heartbeat', [{ v: 1, maxBytes: 1024 }]],
    ['a greeting with a wrong limit', [{ ...HELLO, maxBytes: 'x' }]],
    ['a greeting with too low a limit', [{ ...HELLO, maxBytes: 1023 }]],
    ['broken JSON', [HELLO, '["m",0,1,5000,{]']],
    ['a request without a clock', [HELLO, ['m', 'x', 1, 5000, {}]]],
    ['half a request', [HELLO, ['m', 0, 1, 5000]]],
    ['a request without an id', [HELLO, ['m', 0, null, 5000, {}]]],
    ['a request without a time', [HELLO, ['m', 0, 1, null, {}]]],
    ['a question without an id', [HELLO, ['s', null, {}]]],
    ['a question that is no object', [HELLO, ['s', 1, 'x']]],
    ['an endless line', [HELLO, `["m",0,1,5000,"${'x'.repeat(400_000)}"]`]],
  ])('is broken by %s, and nothing is handled', async (_, lines) => {
    const stream = await open();
    stream.write(...lines);
    await until(() => stream.closed);
    expect(handlers().handled).toEqual([]);
  });

  it('is broken by bytes that are not UTF-8', async () => {
    const stream = await open();
    stream.write(HELLO);
    stream.socket.write(Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a]));
    await until(() => stream.closed);
  });

  it('brings requests to the channel of the string before them, until another', async () => {
    const stream = await open();
    pair.receiver.messaging.channel('a').handle((body) => ({ a: body }));
    stream.write(
      HELLO,
      '["m",0,"a",1,5000,{"n":1},2,5000,{"n":2},"",3,5000,{"n":3},"none",4,5000,{},"two words",5,5000,{}]',
    );
    expect(await stream.reply(1)).toEqual([200, { a: { n: 1 } }]);
    expect(await stream.reply(2)).toEqual([200, { a: { n: 2 } }]);
    expect(await stream.reply(3)).toEqual([200, { n: 3 }]);
    expect(await stream.reply(4)).toMatchObject([404, { code: 'NO_CHANNEL' }]);
    expect(await stream.reply(5)).toMatchObject([
      400,
      { code: 'INVALID_HEAD' },
    ]);
    expect(handlers().handled).toEqual([{ n: 3 }]);
  });

  it('answers what /status would, ahead of the messages before it', async () => {
    const stream = await open();
    const { id } = pair.receiver.membership.self;
    stream.write(
      HELLO,
      ['m', 0, 1, 5000, { type: 'wait' }, 2, 5000, {}],
      ['s', 7, { ext: { digest: 'x' } }],
    );
    const isStatus = (line: unknown) => Array.isArray(line) && line[0] === 's';
    const answer = await stream.line(isStatus);
    expect(answer).toEqual([
      's',
      7,
      expect.objectContaining({ id, online: true, ext: expect.anything() }),
    ]);
    const isReply = (line: unknown) => Array.isArray(line) && line[0] === 'r';
    const lines = stream.lines.map((line): unknown => JSON.parse(line));
    expect(lines.slice(0, lines.findIndex(isStatus)).some(isReply)).toBe(false);
  });

  it('does not answer a question that is nested too deep, and goes on', async () => {
    const stream = await open();
    const deep = `${'['.repeat(200)}${']'.repeat(200)}`;
    stream.write(HELLO, `["s",1,{"ext":${deep}}]`, ['s', 2, {}]);
    expect(await stream.line(Array.isArray)).toMatchObject(['s', 2, {}]);
  });

  it('ignores lines that it does not know', async () => {
    const stream = await open();
    stream.write(HELLO, ['?', 1], {}, 'null', 17, ['m', 0, 1, 5000, { a: 1 }]);
    expect(await stream.reply(1)).toEqual([200, { a: 1 }]);
  });

  it.each<[string, string]>([
    ['an array', '[1]'],
    ['a string', '"x"'],
    ['null', 'null'],
    ['a prototype key', '{"a":{"__proto__":{"x":1}}}'],
    ['an escaped prototype key', '{"\\u005f_proto__":{"x":1}}'],
    ['a constructor with a prototype', '{"constructor":{"prototype":{}}}'],
    ['deep nesting', `{"a":${'['.repeat(200)}${']'.repeat(200)}}`],
  ])('answers %s as a body with 400, and goes on', async (_, body) => {
    const stream = await open();
    stream.write(HELLO, `["m",0,1,5000,${body},2,5000,{"fine":true}]`);
    const [status] = await stream.reply(1);
    expect(status).toBe(400);
    expect(await stream.reply(2)).toEqual([200, { fine: true }]);
    expect(handlers().handled).toEqual([{ fine: true }]);
  });

  it('answers a body over the limit with 413', async () => {
    const stream = await open();
    stream.write(HELLO, ['m', 0, 1, 5000, { text: 'é'.repeat(1500) }]);
    const [status] = await stream.reply(1);
    expect(status).toBe(413);
    expect(handlers().handled).toEqual([]);
  });

  it('drops what is past its time', async () => {
    const stream = await open();
    // Sent at 10,000 ms of the opener's clock, the second at 10,000 and 30 s on the way.
    stream.write(HELLO, ['m', 40_000, 1, 5000, { first: true }]);
    await stream.reply(1);
    stream.write(
      ['m', 10_000, 2, 5000, { late: true }],
      ['m', 40_000, 3, 5000, { last: true }],
    );
    await stream.reply(3);
    expect(handlers().handled).toEqual([{ first: true }, { last: true }]);
  });

  it('finishes what it has when the opener ends its side', async () => {
    const stream = await open();
    stream.write(HELLO, ['m', 0, 1, 5000, { type: 'wait' }]);
    await until(() => handlers().release);
    stream.end();
    await stream.line((value) => (value as unknown[])[0] === 'e');
    handlers().release();
    expect(await stream.reply(1)).toEqual([200, { waited: true }]);
    await until(() => stream.closed);
  });

  it('breaks older streams of a sender that opens a fresh one', async () => {
    const first = await open();
    first.write(HELLO);
    await first.line(() => true);
    const renewed = await openAs(pair.sender.membership.self.id);
    renewed.write({ ...HELLO, renews: true }, ['m', 0, 1, 5000, {}]);
    await renewed.reply(1);
    expect(first.closed).toBe(false);
    const fresh = await openAs(pair.sender.membership.self.id);
    fresh.write(HELLO);
    await until(() => first.closed && renewed.closed);
    expect(fresh.closed).toBe(false);
  });

  it('keeps few streams for one sender', async () => {
    await open();
    for (let more = 0; more < 8; more++) {
      await openAs(pair.sender.membership.self.id);
    }
    const closed = () => streams.map((stream) => stream.closed);
    await until(() => closed().join() === OLDEST_FIVE_OF_NINE.join());
  });

  it('gives up a stream without a sign of life', async () => {
    const stream = await open({
      messaging: { stream: { heartbeatInterval: 50 } },
    });
    stream.write({ ...HELLO, heartbeat: 50 });
    await until(() => stream.closed);
    expect(stream.lines).toContain('0');
  });
});

describe('a member that says it leaves', () => {
  it('ends its streams itself, or has them broken after messageTimeout', async () => {
    const receiver = await startPeer({
      providers: [Handlers],
      options: { messageTimeout: 3000 },
    });
    const handled = receiver.app.get(Handlers);
    const member = await maliciousMember(receiver, 'mallory', ['upgrade']);
    const open = async (...lines: unknown[]) => {
      const stream = await RawStream.open(receiver.port, {
        'x-peercloud-id': 'mallory',
      });
      streams.push(stream);
      stream.write(...lines);
      return stream;
    };
    const wait = ['m', 0, 1, 60_000, { type: 'wait' }];
    const orderly = await open(HELLO, wait);
    await until(() => handled.release);
    const other = await open({ ...HELLO, renews: true });
    await say(member, receiver, '/left', { id: 'mallory' });
    for (const stream of [orderly, other]) {
      await stream.line((value) => (value as unknown[])[0] === 'x');
    }
    // What was under way is still taken.
    orderly.write(['m', 0, 2, 60_000, { last: true }]);
    expect(await orderly.reply(2)).toEqual([200, { last: true }]);
    orderly.end();
    await until(() => other.closed);
    expect(orderly.closed).toBe(false);
    handled.release();
    expect(await orderly.reply(1)).toEqual([200, { waited: true }]);
    await until(() => orderly.closed);
  });
});
