import type { CoreContext } from '../context.js';
import { responsiblePeersFor } from '../legacy/responsible-peer.js';
import type { MemberRecord } from '../member-list/index.js';
import type { TestPeer } from './test-cloud.js';

/** Some of us, the peer that is responsible for the legacy member first. */
export function byRank(
  peers: readonly TestPeer[],
  legacyId: string,
): TestPeer[] {
  const records = peers.map(({ core }) => core.self as MemberRecord);
  const ctx = { list: { records: () => records } } as unknown as CoreContext;
  return responsiblePeersFor(ctx, legacyId, peers.length).map(({ id }) =>
    peers.find(({ core }) => core.id === id)!,
  );
}
