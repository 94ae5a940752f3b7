import type { PeerCloudOptions } from '../../../src/index.js';
import { until } from '../../support/until.js';
import {
  entries,
  listingSeed,
  type ListingSeed,
} from './support/listing-seed.js';
import { closePeers, listOf, startPeer } from './support/peer-app.js';

const MiB = 1024 * 1024;

/** Nobody checks those that will never answer. */
const quiet: PeerCloudOptions = { healthCheck: false };

let seed: ListingSeed | undefined;

afterEach(async () => {
  await closePeers();
  await seed?.close();
});

describe('answers to /join', () => {
  it('hand over thousands of members, from one peer to the next', async () => {
    seed = await listingSeed(entries(3000, { zone: 'b' }));
    const first = await startPeer({
      options: { ...quiet, peers: [seed.address] },
    });
    await until(() => listOf(first).length === 3002);
    const second = await startPeer({
      options: { ...quiet, peers: [first.address] },
    });
    await until(() => listOf(second).length === 3003);
    expect(second.membership.get('member-2999')?.data).toEqual({ zone: 'b' });
    expect(second.membership.get(first.membership.self.id)).toBeDefined();
  });

  it('may be as large as limits.maxAnswerBytes says', async () => {
    seed = await listingSeed(entries(500, { text: 'x'.repeat(40_000) }));
    const limits = { maxAnswerBytes: 32 * MiB };
    const peer = await startPeer({
      options: { ...quiet, limits, peers: [seed.address] },
    });
    await until(() => listOf(peer).length === 502);
  });

  it('over limits.maxAnswerBytes are not read', async () => {
    seed = await listingSeed(entries(100));
    const peer = await startPeer({
      options: {
        ...quiet,
        maxPeers: 20,
        limits: { maxAnswerBytes: 4096 },
        peers: [seed.address],
      },
    });
    await peer.membership.whenJoined();
    expect(listOf(peer)).toEqual([peer.membership.self.id]);
  });
});
