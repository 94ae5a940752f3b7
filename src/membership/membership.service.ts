import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Subject, type Observable } from 'rxjs';
import { readData } from '../options/peer-data.js';
import { readPeers, type PeerAddressInput } from '../options/peer-list.js';
import type { ResolvedPeerCloudOptions } from '../options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
} from '../options/peer-cloud.tokens.js';
import type { JsonObject } from '../wire/json.js';
import type { MembershipCore } from './core/membership-core.js';
import type { Member, MembershipEvent } from './core/membership.types.js';
import type { PeerCloudEvent } from './peer-cloud.events.js';
import { PeerDirectory } from './peer-directory.js';
import type { PeerMessenger } from './peer-messenger.interface.js';
import { describeMember, type Peer } from './peer.js';

/** Who is in the cloud, and this peer's own place in it. */
@Injectable()
export class MembershipService implements OnApplicationShutdown {
  /** Everything that happens to the cloud, each exactly once and in order; completes at shutdown. */
  readonly events$: Observable<PeerCloudEvent>;

  readonly #events = new Subject<PeerCloudEvent>();
  readonly #pending: PeerCloudEvent[] = [];
  readonly #directory: PeerDirectory;
  readonly #unsubscribe: () => void;
  #delivering = false;

  readonly #core: MembershipCore;
  readonly #options: ResolvedPeerCloudOptions;

  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    @Inject(PEER_CLOUD_OPTIONS)
    options: ResolvedPeerCloudOptions,
  ) {
    this.#core = core;
    this.#options = options;
    this.events$ = this.#events.asObservable();
    this.#directory = new PeerDirectory(core);
    this.#unsubscribe = core.onEvent((event) => this.#take(event));
  }

  /** Oneself. Sending to it works without the network. */
  get self(): Peer {
    return this.#directory.self;
  }

  /** True as a member of a cloud with others. */
  get isJoined(): boolean {
    return this.#core.isJoined;
  }

  /** All other members, at once and without the network; suspected ones included. */
  peers(): Peer[] {
    return this.#directory.list();
  }

  /** The member of an id, or oneself; undefined if there is none. */
  get(id: string): Peer | undefined {
    return this.#directory.get(id);
  }

  /**
   * Joins a cloud by hand, through the known peers of the options or through others. It happens by
   * itself when the app listens, so this is for peers that are learned of later.
   *
   * @returns true if one of them let this peer in
   * @throws OptionsError if an address is wrong
   */
  async join(peers?: readonly PeerAddressInput[]): Promise<boolean> {
    const { scheme } = this.#core.self;
    return this.#core.join(peers && readPeers(peers, 'peers', scheme));
  }

  /**
   * Resolves when the known peers have been tried once: this peer is a member of their cloud, or the
   * first of a new one. It never rejects; before the app listens, it waits for that.
   */
  whenJoined(): Promise<void> {
    return this.#core.whenJoined();
  }

  /** Says goodbye to all peers. It happens by itself when the app shuts down. */
  leave(): Promise<void> {
    return this.#core.leave();
  }

  /**
   * Replaces this peer's `data` here and at all others.
   *
   * @throws OptionsError if it is no JSON object, or larger than `limits.maxDataBytes`
   */
  async update(data: JsonObject): Promise<void> {
    const { maxDataBytes } = this.#options.limits;
    await this.#core.update(readData(data, 'data', maxDataBytes));
  }

  /** The object of a member's record, for the layers above. */
  peerOf(member: Member): Peer {
    return this.#directory.of(member);
  }

  /** Gives the peers their `send()`; the messaging layer does it. */
  bindMessenger(messenger: PeerMessenger): void {
    this.#directory.bindMessenger(messenger);
  }

  onApplicationShutdown(): void {
    this.#unsubscribe();
    this.#events.complete();
  }

  /** An event that a listener causes waits until all listeners have had the one before. */
  #take(event: MembershipEvent): void {
    this.#pending.push(this.#translate(event));
    if (this.#delivering) {
      return;
    }
    this.#delivering = true;
    try {
      for (let next; (next = this.#pending.shift());) {
        this.#events.next(next);
      }
    } finally {
      this.#delivering = false;
    }
  }

  #translate(event: MembershipEvent): PeerCloudEvent {
    if (event.type === 'cloud.joined' || event.type === 'cloud.left') {
      return { type: event.type };
    }
    const peer = this.#directory.of(event.member);
    switch (event.type) {
      case 'peer.left':
        this.#directory.forget(event.member.id);
        return { type: event.type, peer, reason: event.reason };
      case 'peer.updated':
        return {
          type: event.type,
          peer,
          previous: describeMember(event.previous),
        };
      default:
        return { type: event.type, peer };
    }
  }
}
