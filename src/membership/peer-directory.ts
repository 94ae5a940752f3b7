import { Inject, Injectable } from '@nestjs/common';
import { PeerCloudError } from '../errors/peer-cloud.error.js';
import { MEMBERSHIP_CORE } from '../options/peer-cloud.tokens.js';
import type { Member, MembershipCore } from './core/index.js';
import type { PeerMessenger } from './peer.js';
import { Peer } from './peer.js';

/**
 * The Peer objects of the members: one each, for as long as the member is on the list. What is behind
 * MembershipService, so that a test may put another one there.
 */
@Injectable()
export class PeerDirectory {
  /** Oneself. */
  readonly self: Peer;
  readonly #peers = new Map<string, Peer>();
  #messenger: PeerMessenger | undefined;
  #listed: { members: readonly Member[]; peers: Peer[] } | undefined;

  readonly #core: MembershipCore;

  constructor(@Inject(MEMBERSHIP_CORE) core: MembershipCore) {
    this.#core = core;
    this.self = new Peer({
      record: () => core.self,
      since: Date.now(),
      send: async (body, options) => this.#bound().send(core.id, body, options),
    });
  }

  /** Gives the peers their `send()`. */
  bindMessenger(messenger: PeerMessenger): void {
    this.#messenger = messenger;
  }

  /** Everyone on the list; an array of the caller's own. */
  list(): Peer[] {
    const members = this.#core.members();
    if (this.#listed?.members !== members) {
      this.#listed = { members, peers: members.map((each) => this.of(each)) };
    }
    return this.#listed.peers.slice();
  }

  get(id: string): Peer | undefined {
    if (id === this.#core.id) {
      return this.self;
    }
    const member = this.#core.get(id);
    return member && this.of(member);
  }

  /** The object of a member. Of one that is not on the list, it is not kept. */
  of(member: Member): Peer {
    if (member.id === this.#core.id) {
      return this.self;
    }
    const known = this.#peers.get(member.id);
    if (known) {
      return known;
    }
    const peer = this.#make(member);
    if (this.#core.get(member.id)) {
      this.#peers.set(member.id, peer);
    }
    return peer;
  }

  /** Lets go of a member that has left; its object, where somebody holds it, keeps the last record. */
  forget(id: string): void {
    if (!this.#core.get(id)) {
      this.#peers.delete(id);
    }
  }

  #make(member: Member): Peer {
    let last = member;
    return new Peer({
      record: () => (last = this.#core.get(member.id) ?? last),
      since: Date.now(),
      send: async (body, options) =>
        this.#bound().send(member.id, body, options),
      lane: () => this.#messenger?.lane?.(member.id),
    });
  }

  #bound(): PeerMessenger {
    if (!this.#messenger) {
      throw new PeerCloudError(
        'NOT_READY',
        'no messages before the application has started: send from onApplicationBootstrap on',
      );
    }
    return this.#messenger;
  }
}
