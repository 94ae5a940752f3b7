import { Inject, Injectable } from '@nestjs/common';
import type { MembershipCore } from '../membership/core/membership-core.js';
import type { Member } from '../membership/core/membership.types.js';
import { MEMBERSHIP_CORE } from '../options/peer-cloud.tokens.js';
import type { PeerRequest } from './peer-request.js';
import { refusals } from './protocol.error.js';

/** Who speaks? The rule about `x-peercloud-id` (PROTOCOL.md, section 1, identity). */
@Injectable()
export class SenderCheck {
  readonly #core: MembershipCore;

  constructor(@Inject(MEMBERSHIP_CORE) core: MembershipCore) {
    this.#core = core;
  }

  /**
   * The member that sent a request; waits for a join of this peer that is under way, 1 s at most.
   * Throws a ProtocolError (403, `UNKNOWN_SENDER`). This peer itself is no sender: the self-check
   * relies on that to ask without harm.
   */
  async require(request: PeerRequest): Promise<Member> {
    const { senderId } = request;
    const sender =
      senderId === undefined || senderId === this.#core.id
        ? undefined
        : (this.#core.get(senderId) ?? (await this.#core.admit(senderId)));
    if (sender === undefined) {
      throw refusals.unknownSender();
    }
    return sender;
  }

  /** Under which name a request is counted: its member, or the address of one who is none. */
  keyOf({ senderId, remoteAddress }: PeerRequest): string {
    return senderId !== undefined && this.#core.get(senderId) !== undefined
      ? senderId
      : remoteAddress;
  }
}
