import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { PeerCloudOptions } from '../../../src/index.js';
import { MAX_CONTROL_BYTES } from '../../../src/membership/core/options/membership.options.js';
import { until } from '../../support/until.js';
import {
  closeFakePeers,
  maliciousMember,
  say,
} from '../security/support/fake-peer.js';
import { agree, closePeers, startPeer } from './support/peer-app.js';

/** All news travels by gossip, as in large clouds, and nobody is judged, however slow the machine is. */
const options: PeerCloudOptions = {
  maxMessageBytes: 1024,
  healthCheck: false,
  membership: { profile: 'local', directThreshold: 0 },
};

const statuses = new Set<number>();

function seeAnswer(message: unknown): void {
  statuses.add(
    (message as { response: { statusCode: number } }).response.statusCode,
  );
}

beforeEach(() => {
  statuses.clear();
  subscribe('undici:request:headers', seeAnswer);
});

afterEach(async () => {
  unsubscribe('undici:request:headers', seeAnswer);
  await Promise.all([closePeers(), closeFakePeers()]);
});

/** The bound on messages is the application's own; what peers say among themselves is not its business. */
describe('with a small maxMessageBytes', () => {
  it('members hear all of each other: nothing that they say is too large', async () => {
    const data = (round: number) => ({ round, text: 'x'.repeat(600) });
    const first = await startPeer({ options: { ...options, data: data(0) } });
    const peers = [first];
    for (let count = 1; count < 5; count++) {
      const known = { peers: [first.address], data: data(0) };
      peers.push(await startPeer({ options: { ...options, ...known } }));
    }
    await until(() => agree(peers));
    await Promise.all(peers.map((peer) => peer.membership.update(data(1))));
    await until(() =>
      peers.every((peer) =>
        peer.membership.peers().every(({ data: { round } }) => round === 1),
      ),
    );
    expect([...statuses]).not.toContain(413);
  });

  it('control requests have a bound of their own', async () => {
    const alice = await startPeer({ options });
    const member = await maliciousMember(alice, 'member', ['gossip', 'sync']);
    const text = 'x'.repeat(60_000);
    for (const path of ['/status', '/sync', '/left', '/join']) {
      const answer = await say(member, alice, path, { id: 'nobody', text });
      expect([path, answer.status]).toEqual([path, 200]);
    }
    expect((await say(member, alice, '/message', { text })).status).toBe(413);
    const most = { text: 'x'.repeat(MAX_CONTROL_BYTES) };
    expect((await say(member, alice, '/status', most)).status).toBe(413);
  });
});
