import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import { ConflictException, Injectable } from '@nestjs/common';
import { OnPeerMessage, type MessageTrace } from '../../../src/index.js';
import { closePeers } from '../module/support/peer-app.js';
import { startPair } from './support/message-pair.js';

const span = new AsyncLocalStorage<MessageTrace>();

@Injectable()
class Handlers {
  @OnPeerMessage('echo')
  echo() {
    return { inside: span.getStore()?.side ?? 'nothing' };
  }

  @OnPeerMessage('conflict')
  async conflict() {
    await Promise.resolve();
    throw new ConflictException();
  }

  @OnPeerMessage('several')
  async *several() {
    yield* [1, 2, 3];
  }
}

const settled = tracingChannel<unknown, MessageTrace>(
  'peercloud:message.settled',
);

afterEach(closePeers);

it.each([
  ['a stream', {}],
  ['/message', { messaging: { stream: false as const } }],
])(
  'peercloud:message.settled tells of each message on both sides (%s)',
  async (_, options) => {
    const { sender, receiver, peer } = await startPair({
      providers: [Handlers],
      options,
    });
    const ids = [sender, receiver].map(({ membership }) => membership.self.id);
    const begun: MessageTrace[] = [];
    const ended: MessageTrace[] = [];
    const heard = {
      start(trace: MessageTrace) {
        begun.push({ ...trace });
      },
      asyncEnd(trace: MessageTrace) {
        ended.push({ ...trace });
      },
    };
    const send = (type: string, to = peer) =>
      sender.messaging.send(to, { type }).catch(() => undefined);

    expect(await send('echo')).toEqual({ inside: 'nothing' });
    settled.subscribe(heard as Parameters<typeof settled.subscribe>[0]);
    settled.start.bindStore(span, (trace) => trace);
    try {
      expect(await send('echo')).toEqual({ inside: 'handler' });
      await send('conflict');
      await send('nobody');
      await send('echo', sender.membership.self);
      for await (const each of sender.messaging.stream(peer, {
        type: 'several',
      })) {
        expect(each).toBeGreaterThan(0);
      }
      receiver.messaging.channel('acme').handle(() => undefined);
      await sender.messaging.channel('acme').send(peer, {});
    } finally {
      settled.unsubscribe(heard as Parameters<typeof settled.subscribe>[0]);
      settled.start.unbindStore(span);
    }
    await send('echo');

    expect(begun.every(({ outcome }) => outcome === undefined)).toBe(true);
    expect(ended.every(({ duration }) => duration! >= 0)).toBe(true);
    const told = ended.map(({ self, side, peer: other, ...rest }) => {
      const isOwn = other.id === self;
      expect(ids).toContain(other.id);
      return `${side} ${isOwn ? 'itself ' : ''}${rest.channel ?? rest.pattern}: ${rest.outcome} ${rest.status ?? ''}`.trimEnd();
    });
    expect(told.filter((each) => each.startsWith('sender'))).toEqual([
      'sender echo: OK',
      'sender conflict: BAD_STATUS 409',
      'sender nobody: NO_HANDLER 404',
      'sender itself echo: OK',
      'sender several: OK',
      'sender acme: OK',
    ]);
    expect(told.filter((each) => each.startsWith('handler'))).toEqual([
      'handler echo: OK',
      'handler conflict: BAD_STATUS 409',
      'handler itself echo: OK',
      'handler several: OK',
      'handler acme: OK',
    ]);
    expect(begun).toHaveLength(ended.length);
  },
);
