import { generateKeyPairSync } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { OnPeerMessage, type PeerCloudOptions } from '../../../src/index.js';
import { until } from '../../support/until.js';
import { agree, closePeers, startPeer } from '../module/support/peer-app.js';

@Injectable()
class Echo {
  @OnPeerMessage()
  echo(body: object): object {
    return { echo: body };
  }
}

const SECRET = 'a secret that all peers of this cloud share';

function withKeys(count: number): PeerCloudOptions[] {
  const keys = Array.from({ length: count }, () =>
    generateKeyPairSync('ed25519'),
  );
  const trustedKeys = keys.map(({ publicKey }) => publicKey);
  return keys.map(({ privateKey }) => ({
    security: { privateKey, trustedKeys },
  }));
}

afterEach(closePeers);

describe.each<[string, () => PeerCloudOptions[]]>([
  [
    'a shared secret',
    () => [1, 2, 3].map(() => ({ security: { secret: SECRET } })),
  ],
  ['a key for each peer', () => withKeys(3)],
])('a cloud with %s', (_kind, optionsOf) => {
  it.each(['mounted', 'own listener'] as const)(
    'is a cloud like any other (%s)',
    async (place) => {
      const [first, ...others] = optionsOf();
      const providers = [Echo];
      const seed = await startPeer({ place, providers, options: first });
      const joined = await Promise.all(
        others.map((options) =>
          startPeer({
            place,
            providers,
            options: { ...options, peers: [seed.address] },
          }),
        ),
      );
      const peers = [seed, ...joined];
      await until(() => agree(peers));
      for (const peer of peers) {
        const results = await peer.messaging.broadcast({ hello: 'all' });
        expect(
          results.map((result) => 'value' in result && result.value),
        ).toEqual([{ echo: { hello: 'all' } }, { echo: { hello: 'all' } }]);
      }
      await peers[2]!.membership.update({ role: 'worker' });
      await until(() =>
        peers
          .slice(0, 2)
          .every(({ membership }) =>
            membership.peers().some(({ data }) => data.role === 'worker'),
          ),
      );
      await peers[1]!.close();
      await until(() => agree([peers[0]!, peers[2]!]));
    },
  );
});
