import { Injectable } from '@nestjs/common';
import { OnPeerMessage, PeerSender } from '../../../src/index.js';
import { freePort } from '../../../demo/free-port.js';
import { byAmount } from '../../support/amount.js';
import { until } from '../../support/until.js';
import {
  agree,
  closePeers,
  cutOff,
  listOf,
  startPeer,
  type PeerApp,
} from './support/peer-app.js';

const PATIENCE = 90_000;

/** Peers of the largest cloud. */
const MANY = byAmount({ quick: 12, slow: 30, long: 30 });

afterEach(closePeers, PATIENCE);

@Injectable()
class Answering {
  @OnPeerMessage('who')
  answer(@PeerSender('id') sender: string): { to: string } {
    return { to: sender };
  }
}

/** The lists that differ, for the failure's message. */
function lists(peers: readonly PeerApp[]): () => string {
  return () =>
    `${peers.length} equal lists, got ${peers
      .map((peer) => listOf(peer).length)
      .join(', ')}`;
}

describe('clouds', () => {
  it(
    `of ${MANY} peers that start together with one known address`,
    async () => {
      const port = await freePort();
      const peers = await Promise.all(
        Array.from({ length: MANY }, (_, index) =>
          startPeer({
            providers: [Answering],
            port: index === 0 ? port : 0,
            options: {
              peers: [`127.0.0.1:${port}`],
              // One process has the work of all: it may be slow, and has to try again soon.
              membership: { profile: 'wan', joinRetryMax: 2000 },
              healthCheck: { cron: '*/5 * * * * *' },
              messageTimeout: PATIENCE,
              data: { index },
            },
          }),
        ),
      );
      await until(() => agree(peers), {
        timeout: PATIENCE,
        what: lists(peers),
      });
      for (const { membership, messaging } of peers) {
        const results = await messaging.broadcast({ type: 'who' });
        expect(results).toHaveLength(MANY - 1);
        expect(
          results.map((result) => ('value' in result ? result.value : result)),
        ).toEqual(Array(MANY - 1).fill({ to: membership.self.id }));
      }
      for (const { events } of peers) {
        const joins = events.filter(({ type }) => type === 'peer.joined');
        expect(joins).toHaveLength(MANY - 1);
        expect(events.filter(({ type }) => type === 'peer.left')).toEqual([]);
      }
    },
    2 * PATIENCE,
  );

  it('of four peers that join each other in a ring at the same moment', async () => {
    const peers = await Promise.all([1, 2, 3, 4].map(() => startPeer()));
    const next = (index: number) => peers[(index + 1) % peers.length]!;
    const joined = await Promise.all(
      peers.map(({ membership }, index) =>
        membership.join([next(index).address]),
      ),
    );
    expect(joined).toContain(true);
    await until(() => agree(peers), { timeout: PATIENCE, what: lists(peers) });
  });

  it('that are found in the background, when nobody is there at first', async () => {
    const port = await freePort();
    const early = await startPeer({
      options: { peers: [`127.0.0.1:${port}`] },
    });
    await early.membership.whenJoined();
    expect(early.membership.isJoined).toBe(false);
    const late = await startPeer({ port });
    await until(() => agree([early, late]));
  });

  it('never with oneself', async () => {
    const port = await freePort();
    const peer = await startPeer({
      port,
      options: { peers: [`127.0.0.1:${port}`, `localhost:${port}`] },
    });
    await peer.membership.whenJoined();
    expect(peer.membership.peers()).toEqual([]);
  });

  it('never across names', async () => {
    const staging = await startPeer({ options: { cloud: 'staging' } });
    const { address } = staging;
    const other = await startPeer({
      options: { cloud: 'production', peers: [address] },
    });
    const nameless = await startPeer({ options: { peers: [address] } });
    await other.membership.whenJoined();
    await nameless.membership.whenJoined();
    const same = await startPeer({
      options: { cloud: 'staging', peers: [address] },
    });
    await until(() => agree([staging, same]));
    expect(other.membership.peers()).toEqual([]);
    expect(nameless.membership.peers()).toEqual([]);
  });
});

describe('restarts', () => {
  it('under a new id at the same port: the old one is replaced', async () => {
    const first = await startPeer();
    const before = await startPeer({ options: { peers: [first.address] } });
    await until(() => agree([first, before]));
    const { port } = before;
    const [replaced] = first.membership.peers();
    cutOff(before);
    const after = await startPeer({
      port,
      options: { peers: [first.address] },
    });
    await until(() => agree([first, after]));
    const ends = first.events.filter(({ type }) => type === 'peer.left');
    expect(ends).toEqual([
      { type: 'peer.left', peer: replaced, reason: 'replaced' },
    ]);
  });

  it('under the same id at another port, with new data', async () => {
    const first = await startPeer();
    const options = { id: 'replica-7', peers: [first.address] };
    const before = await startPeer({
      options: { ...options, data: { run: 1 } },
    });
    await until(() => agree([first, before]));
    cutOff(before);
    const after = await startPeer({
      options: { ...options, data: { run: 2 } },
    });
    await until(
      () =>
        agree([first, after]) && first.membership.peers()[0]!.data.run === 2,
    );
    expect(first.membership.peers()[0]!.port).toBe(after.port);
  });

  it('after a clean end', async () => {
    const first = await startPeer();
    for (const run of [1, 2, 3]) {
      const peer = await startPeer({
        options: { id: 'replica-7', peers: [first.address], data: { run } },
      });
      await until(() => agree([first, peer]));
      expect(first.membership.peers()[0]!.data).toEqual({ run });
      await peer.close();
      await until(() => first.membership.peers().length === 0);
    }
  });
});
