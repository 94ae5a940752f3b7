import { VirtualClock } from '../../../testing/network/virtual-clock.js';
import { TypedEmitter } from '../../../util/typed-emitter.js';
import type { PeerInfo } from '../../../wire/bodies.js';
import { ListRoom, type RoomLimits } from '../member-list/list-room.js';
import type {
  MemberChange,
  MemberListEvents,
  UpdateSource,
} from '../member-list/member-change.js';
import { MemberList } from '../member-list/member-list.js';
import { makeRecord } from '../member-list/member-record.js';
import { Tombstones } from '../member-list/tombstones.js';
import type { MemberState } from '../membership.types.js';

/** Of what others say. */
export const GOSSIP: UpdateSource = { origin: 'gossip', from: 'other' };
/** Of what the member itself says. */
export const VERIFIED: UpdateSource = { origin: 'check', verified: true };

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
  const events = new TypedEmitter<MemberListEvents>();
  const tombstones = new Tombstones(clock, 24 * 3_600_000, 1000);
  const list = new MemberList(
    events,
    tombstones,
    new ListRoom({
      maxPeers: 100,
      maxListBytes: 1e6,
      maxHearsay: 100,
      ...limits,
    }),
  );
  const changes: MemberChange[] = [];
  onChange(events, (change) => changes.push(change));
  const heard = () =>
    changes.map(({ kind, member: { id, state } }) => `${kind} ${id} ${state}`);
  return { clock, events, list, changes, heard };
}

/** Hears every change of a list. */
export function onChange(
  events: TypedEmitter<MemberListEvents>,
  listener: (change: MemberChange) => void,
): void {
  events.on('member.added', listener);
  events.on('member.changed', listener);
  events.on('member.removed', listener);
}
