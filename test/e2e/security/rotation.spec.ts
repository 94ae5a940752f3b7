import { Injectable } from '@nestjs/common';
import { OnPeerMessage } from '../../../src/index.js';
import { PeerSecurity } from '../../../src/security/peer-security.js';
import { until } from '../../support/until.js';
import {
  agree,
  closePeers,
  startPeer,
  type PeerApp,
} from '../module/support/peer-app.js';

const OLD = 'the secret that the cloud started with';
const NEW = 'the secret that comes after it, as long';

@Injectable()
class Echo {
  @OnPeerMessage()
  echo(body: object): object {
    return body;
  }
}

afterEach(closePeers);

it.each([
  ['streams', undefined],
  ['/message', false as const],
])(
  'a secret is replaced in a running cloud of 5 with no failed message by %s',
  async (_lane, stream) => {
    const options = { security: { secret: OLD }, messaging: { stream } };
    const providers = [Echo];
    const seed = await startPeer({ providers, options });
    const others = await Promise.all(
      Array.from({ length: 4 }, () =>
        startPeer({
          providers,
          options: { ...options, peers: [seed.address] },
        }),
      ),
    );
    const peers = [seed, ...others];
    await until(() => agree(peers));

    let replies = 0;
    const rounds = peers.map(() => 0);
    let done = false;
    const failures: string[] = [];
    const talk = async ({ messaging }: PeerApp, peer: number) => {
      while (!done) {
        for (const result of await messaging.broadcast({ hello: 1 })) {
          if (result.error) {
            failures.push(`${result.error.code}: ${result.error.message}`);
          } else {
            replies++;
          }
        }
        rounds[peer]!++;
      }
    };
    const talking = peers.map(talk);
    for (const secrets of [[OLD, NEW], [NEW, OLD], [NEW]]) {
      for (const { app } of peers) {
        app.get(PeerSecurity, { strict: false }).replaceSecrets(secrets);
        const target = replies + 20;
        await until(() => replies >= target);
      }
      // Nothing that was signed before a step is on its way after the next one.
      const next = rounds.map((round) => round + 2);
      await until(() => rounds.every((round, peer) => round >= next[peer]!));
    }
    done = true;
    await Promise.all(talking);
    expect(failures).toEqual([]);
    expect(agree(peers)).toBe(true);

    const late = await startPeer({
      options: { ...options, peers: [seed.address] },
    });
    await late.membership.whenJoined();
    expect(late.membership.peers()).toEqual([]);
  },
);
