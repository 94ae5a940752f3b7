import { Injectable } from '@nestjs/common';
import { OnPeerMessage, type PeerCloudOptions } from '../../../src/index.js';
import { someOf } from '../../support/amount.js';
import { blackHole, type BlackHole } from '../../support/black-hole.js';
import { until } from '../../support/until.js';
import {
  agree,
  checkNobody,
  closePeers,
  startPeer,
} from '../module/support/peer-app.js';

@Injectable()
class Echo {
  @OnPeerMessage()
  echo(body: object) {
    return body;
  }
}

/** Ms for a message. */
const PATIENT = 10_000;

let relay: BlackHole;
beforeEach(async () => {
  relay = await blackHole();
  relay.heal();
});
afterEach(async () => {
  await closePeers();
  relay.close();
});

const SIGNED = { security: { secret: 'x'.repeat(40) } };
const NO_STREAM = { messaging: { stream: false as const } };

const CLOUDS: [string, PeerCloudOptions][] = [
  ['streams, signed', SIGNED],
  ['/message, open', NO_STREAM],
  ['streams, open', {}],
  ['/message, signed', { ...SIGNED, ...NO_STREAM }],
];

it.each(someOf(CLOUDS, 2))(
  'a member that only this peer cannot reach holds broadcasts up once, and comes back (%s)',
  async (_, options) => {
    const sender = await startPeer({ options });
    const member = { ...options, peers: [sender.address] };
    const others = [
      await startPeer({ providers: [Echo], options: member }),
      await startPeer({
        providers: [Echo],
        options: { ...member, ip: relay.ip, port: relay.port },
        onServer: (server) =>
          server.once('listening', () => relay.leadTo(server)),
      }),
    ];
    await until(() => agree([sender, ...others]));
    // As if others kept answering for whom this peer cannot reach.
    [sender, ...others].forEach(checkNobody);
    const [near, far] = others.map(({ membership }) => membership.self.id);
    const broadcast = async (timeout = PATIENT) => {
      const startedAt = performance.now();
      const results = await sender.messaging.broadcast({}, { timeout });
      const outcome = Object.fromEntries(
        results.map(({ peer, error }) => [peer.id, error?.code ?? 'replied']),
      );
      return { outcome, took: performance.now() - startedAt };
    };
    const allReplied = { [near!]: 'replied', [far!]: 'replied' };
    expect((await broadcast()).outcome).toEqual(allReplied);

    await relay.swallow();
    // What is under way when it happens may be lost.
    const { outcome } = await broadcast(3500);
    expect(outcome[near!]).toBe('replied');
    expect(outcome[far!]).not.toBe('replied');
    await until(
      async () => (await broadcast()).outcome[far!] === 'UNREACHABLE',
    );
    const took: number[] = [];
    for (let round = 0; round < 4; round++) {
      const next = await broadcast();
      expect(next.outcome).toEqual({
        [near!]: 'replied',
        [far!]: 'UNREACHABLE',
      });
      took.push(next.took);
    }
    expect(Math.min(...took)).toBeLessThan(1500);

    relay.heal();
    await until(async () => (await broadcast()).outcome[far!] === 'replied', {
      timeout: 20_000,
    });
  },
  60_000,
);
