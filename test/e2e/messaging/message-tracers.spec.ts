import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import { Injectable } from '@nestjs/common';
import {
  OnPeerMessage,
  PeerMetadata,
  type BroadcastTrace,
  type MessageMetadata,
  type MessageTrace,
  type MessageTracer,
} from '../../../src/index.js';
import { HEAD_FEATURE } from '../../../src/messaging/lanes/index.js';
import { MembershipCore } from '../../../src/membership/index.js';
import { MEMBERSHIP_CORE } from '../../../src/options/peer-cloud.tokens.js';
import { closePeers } from '../module/support/peer-app.js';
import { startPair } from './support/message-pair.js';

const around = new AsyncLocalStorage<string>();

@Injectable()
class Handlers {
  @OnPeerMessage('told')
  async told(@PeerMetadata() metadata: MessageMetadata) {
    await new Promise((resolve) => setImmediate(resolve));
    return { metadata, around: around.getStore() ?? null };
  }
}

/** Notes all that it sees, and adds to what is sent. */
class Notes implements MessageTracer {
  readonly traces: MessageTrace[] = [];
  readonly broadcasts: BroadcastTrace[] = [];
  readonly ended: string[] = [];

  constructor(readonly added: Record<string, string> = {}) {}

  message<T>(trace: MessageTrace, work: () => Promise<T>): Promise<T> {
    this.traces.push(trace);
    if (trace.side === 'sender') {
      Object.assign(trace.metadata, this.added);
    }
    return around.run(`${trace.side} ${trace.pattern}`, async () => {
      const result = await work();
      this.ended.push(`${trace.side} ${trace.outcome} ${trace.duration! >= 0}`);
      return result;
    });
  }

  broadcast<T>(trace: BroadcastTrace, work: () => T): T {
    this.broadcasts.push(trace);
    return around.run('a broadcast', work);
  }
}

afterEach(closePeers);

describe.each([
  ['a stream', {}],
  ['/message', { messaging: { stream: false as const } }],
])('a tracer, over %s', (_, options) => {
  it('runs around each message on both sides, and what it adds travels along', async () => {
    const pair = await startPair({ providers: [Handlers], options });
    const { sender, receiver, peer, send } = pair;
    const ids = { [sender.membership.self.id]: 'sender' };
    const atSender = new Notes({ trace: 'abc', state: 'x' });
    const atReceiver = new Notes();
    const end = sender.messaging.trace(atSender);
    const endThere = receiver.messaging.trace(atReceiver);
    const told = { type: 'told' };

    expect(await send(told, { metadata: { own: '1' } })).toEqual({
      metadata: { own: '1', trace: 'abc', state: 'x' },
      around: 'handler told',
    });
    expect(atSender.traces[0]).toMatchObject({
      side: 'sender',
      peer: { id: peer.id },
    });
    expect(atReceiver.traces[0]).toMatchObject({
      side: 'handler',
      pattern: 'told',
      metadata: { own: '1', trace: 'abc', state: 'x' },
    });
    expect(ids[atReceiver.traces[0]!.peer.id]).toBe('sender');
    expect(atSender.ended).toEqual(['sender OK true']);
    expect(atReceiver.ended).toEqual(['handler OK true']);

    // To oneself, both sides are here.
    expect(await sender.messaging.send(sender.membership.self, told)).toEqual({
      metadata: { trace: 'abc', state: 'x' },
      around: 'handler told',
    });
    const [{ value } = {}] = await sender.messaging.broadcast(told);
    expect(value).toMatchObject({ metadata: { trace: 'abc' } });
    expect(atSender.broadcasts).toEqual([
      {
        self: sender.membership.self.id,
        pattern: 'told',
        channel: undefined,
        metadata: {},
        peers: 1,
      },
    ]);
    for await (const each of sender.messaging.stream(peer, told)) {
      expect(each).toMatchObject({ metadata: { trace: 'abc' } });
    }

    end();
    endThere();
    const before = atSender.traces.length;
    expect(await send(told)).toEqual({ metadata: {}, around: null });
    expect(atSender.traces).toHaveLength(before);
  });

  it('adds as much as there is room for, and harms nobody', async () => {
    const pair = await startPair({ providers: [Handlers], options });
    const { sender, peer, send } = pair;
    const notes = new Notes({ trace: 'abc', state: 'x'.repeat(200) });
    sender.messaging.trace(notes);
    const own = 'y'.repeat(4000);
    const metadata = { own };
    const told = { type: 'told' };
    expect(await send(told, { metadata })).toMatchObject({
      metadata: { own, trace: 'abc' },
    });
    expect(metadata).toEqual({ own });
    const full = { own: 'y'.repeat(4086) };
    expect(await send(told, { metadata: full })).toMatchObject({
      metadata: full,
    });
    notes.added['state'] = 7 as unknown as string;
    expect(await send(told)).toMatchObject({ metadata: { trace: 'abc' } });
    // A peer that does not know metadata gets the message without.
    const core = sender.app.get<MembershipCore>(MEMBERSHIP_CORE, {
      strict: false,
    });
    const member = core.get(peer.id)!;
    vi.spyOn(core, 'get').mockReturnValue({
      ...member,
      features: member.features.filter((name) => name !== HEAD_FEATURE),
    });
    expect(await send(told)).toMatchObject({ metadata: {} });
    vi.restoreAllMocks();
  });
});

it('who listens to the start of a message may add metadata too', async () => {
  const { send } = await startPair({ providers: [Handlers] });
  const { start } = tracingChannel<unknown, MessageTrace>(
    'peercloud:message.settled',
  );
  const add = (trace: unknown) => {
    const { side, metadata } = trace as MessageTrace;
    metadata[side] = 'added';
  };
  start.subscribe(add);
  try {
    expect(await send({ type: 'told' })).toMatchObject({
      metadata: { sender: 'added' },
    });
  } finally {
    start.unsubscribe(add);
  }
});

it('a channel says what its messages are called, and what its replies mean', async () => {
  const { sender, receiver, peer } = await startPair({ providers: [] });
  const notes = new Notes();
  const tracing = {
    pattern: ({ name }: { name?: unknown }) => (name as string).toLowerCase(),
    failure: (reply: unknown) =>
      (reply as { failed?: boolean }).failed
        ? { outcome: 'FAILED' }
        : undefined,
  };
  receiver.messaging
    .channel('acme', tracing)
    .handle((body) => ({ failed: (body as { name?: string }).name === 'B' }));
  const channel = sender.messaging.channel('acme', tracing);
  sender.messaging.trace(notes);
  receiver.messaging.trace(notes);
  for (const body of [{ name: 'A' }, { name: 'B' }, {}]) {
    await channel.send(peer, body);
  }
  expect(
    notes.traces.map(({ side, pattern, outcome }) => [side, pattern, outcome]),
  ).toEqual(
    [
      ['a', 'OK'],
      ['b', 'FAILED'],
      [undefined, 'OK'],
    ].flatMap(([name, outcome]) => [
      ['sender', name, outcome],
      ['handler', name, outcome],
    ]),
  );
});
