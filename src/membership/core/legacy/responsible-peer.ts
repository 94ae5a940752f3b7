import { hash32, mix32 } from '../../../util/hash.js';
import type { CoreContext } from '../context.js';
import { speaks, type MemberRecord } from '../member-list/index.js';

/**
 * The peer of ours that is responsible for a legacy member: rendezvous hashing, so that all that have the
 * same list choose the same one, and a change of the list moves only the work of the peer that went.
 * @param except a member that cannot be: the one in question
 * @returns its id; `''` where there is none
 */
export function responsiblePeerFor(
  { list, self }: CoreContext,
  legacyId: string,
  except?: string,
): string {
  const seed = hash32(legacyId);
  let best = self.id === except ? '' : self.id;
  let score = best === '' ? -1 : rankOf(best, seed);
  for (const member of list.records()) {
    if (member.id === except || !isOurs(member)) {
      continue;
    }
    const rank = rankOf(member.id, seed);
    if (rank > score || (rank === score && member.id < best)) {
      best = member.id;
      score = rank;
    }
  }
  return best;
}

/**
 * This peer is responsible for the legacy member now: did it take that over from `gone`, which was one of
 * ours and is off the list?
 */
export function tookOverFrom(
  { self }: CoreContext,
  legacyId: string,
  gone: MemberRecord,
): boolean {
  if (!speaks(gone, 'gossip')) {
    return false;
  }
  const seed = hash32(legacyId);
  const own = rankOf(self.id, seed);
  const rank = rankOf(gone.id, seed);
  return rank > own || (rank === own && gone.id < self.id);
}

/** Our own members besides this peer, the best suited to be responsible for a legacy member first. */
export function responsiblePeersFor(
  { list }: CoreContext,
  legacyId: string,
  count: number,
): MemberRecord[] {
  const seed = hash32(legacyId);
  return [...list.records()]
    .filter(isOurs)
    .map((member) => ({ member, rank: rankOf(member.id, seed) }))
    .sort((a, b) => b.rank - a.rank || (a.member.id < b.member.id ? -1 : 1))
    .slice(0, count)
    .map(({ member }) => member);
}

/** True if no more than `count - 1` of us are better suited to be responsible for a legacy member than this peer. */
export function isAmongResponsible(
  { list, self }: CoreContext,
  legacyId: string,
  count: number,
): boolean {
  const seed = hash32(legacyId);
  const own = rankOf(self.id, seed);
  let better = 0;
  for (const member of list.records()) {
    if (isOurs(member) && rankOf(member.id, seed) > own) {
      better++;
    }
  }
  return better < count;
}

function isOurs(member: MemberRecord): boolean {
  return member.state === 'alive' && speaks(member, 'gossip');
}

function rankOf(id: string, seed: number): number {
  return mix32(seed ^ hash32(id));
}
