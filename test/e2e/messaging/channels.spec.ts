import {
  ConflictException,
  Inject,
  Injectable,
  NotFoundException,
  Scope,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { of } from 'rxjs';
import {
  OnPeerEvent,
  OnPeerMessage,
  PeerMetadata,
  type MessageMetadata,
  type PeerCloudOptions,
  type PeerMessageRequest,
} from '../../../src/index.js';
import { until } from '../../support/until.js';
import { agree, closePeers, startPeer } from '../module/support/peer-app.js';
import { startPair } from './support/message-pair.js';

const METADATA = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tenant: 'café "☃" 😀\n',
};

@Injectable()
class Handlers {
  readonly caught: unknown[] = [];

  @OnPeerMessage()
  any(body: object) {
    this.caught.push(body);
    return { caught: body };
  }

  @OnPeerMessage('all')
  all(@PeerMetadata() metadata: MessageMetadata) {
    return { metadata };
  }

  @OnPeerMessage('one')
  one(
    @PeerMetadata('tenant') tenant?: string,
    @PeerMetadata('toString') inherited?: string,
  ) {
    return { tenant: tenant ?? null, inherited: inherited ?? null };
  }

  @OnPeerMessage('pretend')
  pretend() {
    throw new NotFoundException({ code: 'NO_CHANNEL' });
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedHandlers {
  constructor(@Inject(REQUEST) readonly request: PeerMessageRequest) {}

  @OnPeerMessage('scoped')
  scoped() {
    return { metadata: this.request.metadata };
  }
}

@Injectable()
class Events {
  readonly seen: string[] = [];

  @OnPeerEvent('message.sent')
  sent() {
    this.seen.push('sent');
  }

  @OnPeerEvent('message.received')
  received() {
    this.seen.push('received');
  }

  @OnPeerEvent('message.failed')
  failed() {
    this.seen.push('failed');
  }
}

const providers = [Handlers, ScopedHandlers, Events];

const LANES: [string, PeerCloudOptions][] = [
  ['/stream', {}],
  ['/message', { messaging: { stream: false } }],
  ['/message, signed', { messaging: { stream: false }, ...signed() }],
  ['/stream, signed', signed()],
];

function signed(): PeerCloudOptions {
  return { security: { secret: 'a secret that all peers of the cloud share' } };
}

afterEach(closePeers);

describe.each(LANES)('metadata by %s', (_, options) => {
  it('reaches the handler, at another peer and at oneself', async () => {
    const { sender, peer } = await startPair({ providers, options });
    for (const to of [peer, sender.membership.self]) {
      const send = (type: string, metadata?: Record<string, string>) =>
        sender.messaging.send(to, { type }, { metadata });
      expect(await send('all', METADATA)).toEqual({ metadata: METADATA });
      expect(await send('all')).toEqual({ metadata: {} });
      expect(await send('one', METADATA)).toEqual({
        tenant: METADATA.tenant,
        inherited: null,
      });
      expect(await send('one')).toEqual({ tenant: null, inherited: null });
      expect(await send('scoped', METADATA)).toEqual({ metadata: METADATA });
    }
  });

  it('goes along with a broadcast', async () => {
    const { sender } = await startPair({ providers, options });
    const [result] = await sender.messaging.broadcast(
      { type: 'all' },
      { metadata: METADATA },
    );
    expect(result!.value).toEqual({ metadata: METADATA });
  });
});

it('metadata of the largest size arrives, a larger one is refused with what to do', async () => {
  const { sender, peer } = await startPair({
    providers,
    options: { messaging: { stream: false } },
  });
  const rest = '{"text":""}'.length;
  const send = (text: string) =>
    peer.send({ type: 'all' }, { metadata: { text } });
  const text = 'x'.repeat(4096 - rest);
  expect(await send(text)).toEqual({ metadata: { text } });
  await expect(send(`${text}x`)).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringContaining('belongs into the body'),
  });
  for (const metadata of [7, [], { n: 1 }, { text: 'ü'.repeat(1000) }]) {
    expect(() =>
      sender.messaging.broadcast({}, { metadata: metadata as never }),
    ).toThrow(expect.objectContaining({ path: 'metadata' }));
  }
});

describe.each(LANES)('a channel by %s', (_, options) => {
  it('brings bodies, senders and metadata to its handler, and replies back', async () => {
    const { sender, receiver, peer } = await startPair({ providers, options });
    const { id } = sender.membership.self;
    receiver.messaging
      .channel('acme/runs')
      .handle((body, from, metadata) => ({ body, from: from.id, metadata }));
    receiver.messaging.channel('acme/later').handle(() => of(1, { last: 2 }));
    const runs = sender.messaging.channel('acme/runs');
    expect(await runs.send(peer, { n: 1 })).toEqual({
      body: { n: 1 },
      from: id,
      metadata: {},
    });
    expect(
      await runs.send(peer.id, { n: 2 }, { metadata: METADATA }),
    ).toMatchObject({ metadata: METADATA });
    expect(await sender.messaging.channel('acme/later').send(peer, {})).toEqual(
      { last: 2 },
    );
  });

  it('is not there where nobody handles it, which is an answer', async () => {
    const { sender, receiver, peer } = await startPair({ providers, options });
    const own = sender.messaging.channel('quiet');
    const self = sender.membership.self;
    expect(await own.send(peer, {})).toBeUndefined();
    expect(await own.send(self, {})).toBeUndefined();
    const stop = receiver.messaging.channel('quiet').handle(() => undefined);
    expect(await own.send(peer, {})).toEqual({});
    expect(await own.send(self, {})).toBeUndefined();
    stop();
    stop();
    expect(await own.send(peer, {})).toBeUndefined();
  });

  it('is what a message without one does not lack, whatever its handler says', async () => {
    const { sender, peer } = await startPair({ providers, options });
    for (const to of [peer, sender.membership.self]) {
      await expect(
        sender.messaging.send(to, { type: 'pretend' }),
      ).rejects.toMatchObject({ code: 'BAD_STATUS', status: 404 });
    }
  });

  it('fails as messages do', async () => {
    const { sender, receiver, peer } = await startPair({ providers, options });
    receiver.messaging.channel('c').handle((body) => {
      const { n } = body as { n: number };
      throw n === 1 ? new ConflictException({ why: 'taken' }) : new Error();
    });
    const channel = sender.messaging.channel('c');
    await expect(channel.send(peer, { n: 1 })).rejects.toMatchObject({
      code: 'BAD_STATUS',
      status: 409,
      payload: { why: 'taken' },
    });
    await expect(channel.send(peer, { n: 2 })).rejects.toMatchObject({
      status: 500,
    });
    await expect(channel.send('nobody', {})).rejects.toMatchObject({
      code: 'NO_SUCH_PEER',
    });
    await expect(channel.send(peer, 7)).rejects.toMatchObject({
      code: 'INVALID_BODY',
    });
  });

  it('is nothing to handlers and events of the application', async () => {
    const { sender, receiver, peer } = await startPair({ providers, options });
    const channel = sender.messaging.channel('hidden');
    await channel.send(peer, { type: 'all' });
    receiver.messaging.channel('hidden').handle(() => {
      throw new ConflictException();
    });
    await channel.send(peer, { type: 'all' }).catch(() => undefined);
    await channel.broadcast({ type: 'all' });
    await channel.send(sender.membership.self, {});
    for (const { app } of [sender, receiver]) {
      expect(app.get(Handlers).caught).toEqual([]);
      expect(app.get(Events).seen).toEqual([]);
    }
    expect(await peer.send({ n: 1 })).toEqual({ caught: { n: 1 } });
    expect(sender.app.get(Events).seen).toContain('sent');
  });

  it('has one handler at a time, and a name that can travel', async () => {
    const { receiver } = await startPair({ providers, options });
    const { messaging } = receiver;
    const stop = messaging.channel('mine').handle(() => 1);
    expect(() => messaging.channel('mine').handle(() => 2)).toThrow(
      expect.objectContaining({ code: 'INVALID_HANDLER' }),
    );
    stop();
    messaging.channel('mine').handle(() => 2);
    for (const name of ['', 'two words', 'ü', 'x'.repeat(65), 7 as never]) {
      expect(() => messaging.channel(name)).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      );
    }
  });
});

it('a broadcast on a channel tells who has it, and counts only those', async () => {
  const sender = await startPeer();
  const peers = await Promise.all(
    [1, 2, 3].map(() => startPeer({ options: { peers: [sender.address] } })),
  );
  await until(() => agree([sender, ...peers]));
  const having = peers.slice(1);
  for (const { messaging } of having) {
    messaging.channel('some').handle(() => ({ here: true }));
  }
  const ids = having.map(({ membership }) => membership.self.id).sort();
  const broadcast = sender.messaging.channel('some').broadcast({});
  const results = await broadcast;
  expect(results).toHaveLength(3);
  expect(results.filter(({ error }) => error)).toEqual([]);
  const here = results.filter(({ value }) => value !== undefined);
  expect(here.map(({ peer }) => peer.id).sort()).toEqual(ids);
  expect(await broadcast.take(3)).toHaveLength(2);
  await expect(broadcast.quorum(3)).rejects.toMatchObject({
    code: 'NO_QUORUM',
  });
});
