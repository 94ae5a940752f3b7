import { Injectable } from '@nestjs/common';
import { OnPeerMessage, type PeerCloudOptions } from '../../../src/index.js';
import { until } from '../../support/until.js';
import {
  agree,
  closePeers,
  startPeer,
  type AdapterName,
  type Place,
} from '../module/support/peer-app.js';
import { LogLines } from '../protocol/support/log-lines.js';
import { PlainProxy } from '../module/support/plain-proxy.js';
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

  it.each(['express', 'fastify'] as const)(
    'by /message, behind a proxy that passes no upgrades, with a warning (%s)',
    async (adapter) => {
      await using proxy = await PlainProxy.listen(closePeers);
      const receiver = await startPeer({
        adapter,
        providers: [Echo],
        options: { ip: '127.0.0.1', port: proxy.port },
        onServer: (server) => (proxy.target = server),
      });
      const logger = new LogLines();
      const sender = await startPeer({
        logger,
        options: { peers: [`127.0.0.1:${proxy.port}`] },
      });
      await until(() => agree([sender, receiver]));
      const [peer] = sender.membership.peers();
      for (let n = 0; n < 3; n++) {
        expect(await peer!.send({ n })).toEqual({ n });
      }
      const reason = expect.stringMatching(/404.*passes no upgrades/) as string;
      expect(peer!.lane).toMatchObject({ kind: 'message', reason });
      const warnings = logger
        .of('warn')
        .filter((line) => /no stream/.test(line));
      expect(warnings).toEqual([reason]);
    },
  );
});
