import { Injectable } from '@nestjs/common';
import { OnPeerMessage, type PeerCloudOptions } from '../../../src/index.js';
import {
  closePeers,
  type AdapterName,
  type Place,
} from '../module/support/peer-app.js';
import { startPair } from './support/message-pair.js';

@Injectable()
class Echo {
  @OnPeerMessage()
  echo(body: object) {
    return body;
  }
}

afterEach(closePeers);

const WAYS: [AdapterName, Place][] = [
  ['express', 'mounted'],
  ['fastify', 'mounted'],
  ['express', 'own listener'],
  ['fastify', 'own listener'],
];
const SIGNED = { security: { secret: 'x'.repeat(40) } };
const NO_STREAM = { messaging: { stream: false as const } };

describe('a Peer says how messages to it travel', () => {
  it.each(
    WAYS.flatMap(([adapter, place]) =>
      [{}, SIGNED].map((options) => ({ adapter, place, options })),
    ),
  )('by a stream ($adapter, $place, $options)', async (setup) => {
    const { options, ...receiver } = setup;
    const { peer, send } = await startPair({
      providers: [Echo],
      receiver,
      options,
    });
    expect(peer.lane).toBeUndefined();
    const before = Date.now();
    await send({ n: 1 });
    expect(peer.lane).toEqual({
      kind: 'stream',
      since: expect.any(Date) as Date,
    });
    const since = peer.lane!.since.getTime();
    expect(since).toBeGreaterThanOrEqual(before);
    expect(since).toBeLessThanOrEqual(Date.now());
    await send({ n: 2 });
    expect(peer.lane!.since.getTime()).toBe(since);
  });

  it.each<[string, { sender?: PeerCloudOptions; receiver?: object }, RegExp]>([
    ['here', { sender: NO_STREAM }, /messaging\.stream/],
    [
      'there',
      { receiver: { options: NO_STREAM } },
      /the peer takes no streams/,
    ],
  ])('by /message, where streams are off %s', async (_, setup, reason) => {
    const { peer, send } = await startPair({ providers: [Echo], ...setup });
    await send({});
    expect(peer.lane).toEqual({
      kind: 'message',
      since: expect.any(Date) as Date,
      reason: expect.stringMatching(reason) as string,
    });
  });
});
