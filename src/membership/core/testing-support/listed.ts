import { VirtualClock } from '../../../testing/network/virtual-clock.js';
import type { PeerInfo } from '../../../wire/peer-info.js';
import type { MemberChange, NewsSource } from '../member-list/member-change.js';
import { ListRoom, type RoomLimits } from '../member-list/list-room.js';
import { MemberList } from '../member-list/member-list.js';
import { makeRecord } from '../member-list/member-record.js';
import type { MemberState } from '../membership.types.js';
import { Tombstones } from '../member-list/tombstones.js';

/** What somebody says. */
export const GOSSIP: NewsSource = { origin: 'gossip', from: 'teller' };
/** What the member itself says. */
export const VERIFIED: NewsSource = { origin: 'check', verified: true };

/** A record; its address follows from the id. */
export function member(
  id: string,
  incarnation = 1,
  info: Partial<PeerInfo> & { state?: MemberState } = {},
) {
  const { state = 'alive', ...rest } = info;
  return makeRecord(
    {
      id,
      ip: `10.0.0.${id.charCodeAt(0)}`,
      port: 9338,
      data: {},
      features: ['gossip'],
      incarnation,
      ...rest,
    },
    state,
  );
}

/** A list, and what it tells. */
export function makeList(limits: Partial<RoomLimits> = {}) {
  const clock = new VirtualClock();
  const tombstones = new Tombstones(clock, 24 * 3_600_000, 1000);
  const list = new MemberList(
    tombstones,
    new ListRoom({
      maxPeers: 100,
      maxListBytes: 1e6,
      maxHearsay: 100,
      ...limits,
    }),
  );
  const changes: MemberChange[] = [];
  list.onChange((change) => changes.push(change));
  const heard = () =>
    changes.map(({ kind, member: { id, state } }) => `${kind} ${id} ${state}`);
  return { clock, list, changes, heard };
}
