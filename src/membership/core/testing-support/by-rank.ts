import { caretakersOf } from '../legacy/caretaker.js';
import type { CoreContext } from '../core-context.js';
import type { MemberRecord } from '../member-list/member-record.js';
import type { TestPeer } from './test-cloud.js';

/** Some of us, whoever looks after the legacy member first. */
export function byRank(
  peers: readonly TestPeer[],
  legacyId: string,
): TestPeer[] {
  const records = peers.map(({ core }) => core.self as MemberRecord);
  const ctx = { list: { records: () => records } } as unknown as CoreContext;
  return caretakersOf(ctx, legacyId, peers.length).map(({ id }) =>
    peers.find(({ core }) => core.id === id)!,
  );
}
