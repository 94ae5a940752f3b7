import { formatAddress, isLoopback } from '../wire/address.js';
import type { PeerAddress } from '../wire/bodies.js';
import type { JsonObject } from '../wire/json.js';
import { CommandError } from './io.js';
import type { Observer } from './observer.js';

/** A member as the peer that is asked sees it; a report where the peers have the console. */
export interface Member {
  id: string;
  name?: string;
  ip: string;
  port: number;
  state: string;
  since: string;
  data: JsonObject;
  isSelf: boolean;
  report?: {
    version: string;
    appVersion?: string;
    rates: { sent: number; received: number };
  };
  roundTrip?: { p50: number; p99: number };
}

/** The whole list. */
export type MemberList = { at: string; self: string; members: Member[] };

export async function askMembers(observer: Observer): Promise<MemberList> {
  const list = await observer.ask<MemberList>({ ask: 'members' });
  const { ip, port } = observer.address;
  for (const member of list.members) {
    // A peer does not always know where it is; where it was asked, it is.
    if (member.isSelf && (member.ip === '' || isLoopback(ip))) {
      Object.assign(member, { ip, port });
    }
  }
  return list;
}

/**
 * The member that was meant: by its id, its name, its address, or the beginning of its id.
 *
 * @throws CommandError for none, and for several
 */
export function findMember(members: readonly Member[], word: string): Member {
  const exact = members.filter(
    (member) =>
      member.id === word ||
      member.name === word ||
      formatAddress(member) === word,
  );
  const found =
    exact.length > 0
      ? exact
      : members.filter(({ id }) => word !== '' && id.startsWith(word));
  if (found.length > 1) {
    throw new CommandError(
      `${word}: ${found.length} members are called so: write more of the id of one`,
    );
  }
  if (!found[0]) {
    throw new CommandError(
      `${word}: no such member: write an id, the beginning of one, a name or an address`,
    );
  }
  return found[0];
}

/** `name (id)`, or the id. */
export function callingOf({ name, id }: { name?: string; id: string }): string {
  return name === undefined ? id : `${name} (${id})`;
}

export function addressOf(member: Member): string {
  return member.ip === '' ? '' : formatAddress(member);
}

/** Where a member is called. */
export function targetOf(
  { id, ip, port }: Member,
  { scheme }: PeerAddress,
): PeerAddress & { id: string } {
  return { id, ip, port, ...(scheme && { scheme }) };
}
