import type { MembershipCore, Member } from '../../membership/index.js';
import { refusals } from '../protocol.error.js';
import type { PeerRequest } from './peer-request.js';

/** What a request says about who sent it. */
export type Sender = Pick<PeerRequest, 'senderId' | 'remoteAddress'>;

/**
 * The member that sent a request; waits for a join of this peer that is under way, 1 s at most. This peer
 * itself is no sender: the self-check relies on that to ask without harm (PROTOCOL.md, section 1, identity).
 *
 * @throws ProtocolError 403, `UNKNOWN_SENDER`
 */
export async function requireMember(
  core: MembershipCore,
  { senderId }: Sender,
): Promise<Member> {
  const sender =
    senderId === undefined || senderId === core.id
      ? undefined
      : (core.get(senderId) ?? (await core.admit(senderId)));
  if (sender === undefined) {
    throw refusals.unknownSender();
  }
  return sender;
}

/** Under which name a request is counted: its member, or the address of one who is none. */
export function senderKey(
  core: MembershipCore,
  { senderId, remoteAddress }: Sender,
): string {
  return senderId !== undefined && core.get(senderId) !== undefined
    ? senderId
    : remoteAddress;
}
