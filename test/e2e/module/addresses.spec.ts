import { networkInterfaces } from 'node:os';
import { Injectable } from '@nestjs/common';
import { OnPeerMessage, type PeerCloudOptions } from '../../../src/index.js';
import { blackHole } from '../../support/black-hole.js';
import { until } from '../../support/until.js';
import { Forwarder } from './support/forwarder.js';
import { agree, appPort, closePeers, startPeer } from './support/peer-app.js';

afterEach(closePeers);

@Injectable()
class Pong {
  @OnPeerMessage()
  pong(): { pong: true } {
    return { pong: true };
  }
}

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((each) => each?.address === '::1');

describe('addresses', () => {
  it.skipIf(!hasIpv6)('IPv6 loopback', async () => {
    const host = '::1';
    const first = await startPeer({ host, providers: [Pong] });
    expect(first.address).toBe(`[::1]:${first.port}`);
    const second = await startPeer({
      host,
      providers: [Pong],
      options: { peers: [first.address] },
    });
    await until(() => agree([first, second]));
    expect(first.membership.peers()[0]!.ip).toBe('::1');
    for (const { messaging } of [first, second]) {
      const results = await messaging.broadcast({});
      expect(results).toMatchObject([{ value: { pong: true } }]);
    }
  });

  it('`localhost` as a name: every address behind it is tried', async () => {
    const first = await startPeer({ providers: [Pong] });
    const second = await startPeer({
      providers: [Pong],
      options: { peers: [{ ip: 'localhost', port: String(first.port) }] },
    });
    await until(() => agree([first, second]));
    expect(second.membership.peers()[0]!.ip).toBe('127.0.0.1');
  });

  it.each<[string, PeerCloudOptions]>([
    ['an open cloud', {}],
    ['a signed cloud', { security: { secret: 'x'.repeat(32) } }],
  ])(
    'hundreds that are stale: a peer finds the right ones among them (%s)',
    async (_kind, options) => {
      const hole = await blackHole('0.0.0.0');
      try {
        const first = await startPeer({ providers: [Pong], options });
        const others = await Promise.all(
          [1, 2, 3].map(() =>
            startPeer({ options: { ...options, peers: [first.address] } }),
          ),
        );
        await until(() => agree([first, ...others]));
        const stale = Array.from(
          { length: 200 },
          (_, index) => `127.0.1.${index + 1}:${hole.port}`,
        );
        const right = [first, ...others].map(({ address }) => address);
        const last = await startPeer({
          options: { ...options, peers: [...stale, ...right] },
        });
        await until(() => last.membership.isJoined, { timeout: 10_000 });
        await until(() => agree([first, ...others, last]));
      } finally {
        hole.close();
      }
    },
  );

  it('an address outside that is not the one inside, as of a container', async () => {
    await using outside = await Forwarder.listen('127.0.0.2');
    const { ip, port } = outside;
    const providers = [Pong];
    const first = await startPeer({ providers });
    const inside = await startPeer({
      providers,
      options: { peers: [first.address], ip, port },
    });
    outside.target = appPort(inside);
    await until(() => agree([first, inside]));
    expect(first.membership.peers()).toMatchObject([{ ip, port }]);
    expect(inside.membership.self).toMatchObject({ ip, port });
    expect(await first.messaging.broadcast({})).toMatchObject([
      { value: { pong: true } },
    ]);
    expect(outside.connections).toBeGreaterThan(0);
  });

  it('a worker, Express and Fastify in one cloud', async () => {
    const providers = [Pong];
    const first = await startPeer({ place: 'worker', providers });
    const options = { peers: [first.address] };
    const others = await Promise.all([
      startPeer({ providers, options, adapter: 'express' }),
      startPeer({ providers, options, adapter: 'fastify' }),
      startPeer({ providers, options, place: 'own listener' }),
      startPeer({
        providers,
        options,
        place: 'own listener',
        adapter: 'fastify',
      }),
    ]);
    const peers = [first, ...others];
    await until(() => agree(peers));
    for (const { messaging } of peers) {
      const results = await messaging.broadcast({});
      expect(results.map((result) => 'value' in result)).toEqual(
        Array(4).fill(true),
      );
    }
  });
});
