import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Subject, type Observable } from 'rxjs';
import { MEMBERSHIP_CORE } from '../options/peer-cloud.tokens.js';
import type { MembershipCore, MembershipEvent } from './core/index.js';
import type { PeerCloudEvent } from './peer-cloud.events.js';
import { PeerDirectory } from './peer-directory.js';
import { describeMember } from './peer.js';

/** What happens to the cloud, with Peer objects. The package itself listens here, and users at MembershipService. */
@Injectable()
export class MembershipEvents implements OnApplicationShutdown {
  /** Each event exactly once and in order; completes at shutdown. */
  readonly events$: Observable<PeerCloudEvent>;

  readonly #events = new Subject<PeerCloudEvent>();
  readonly #pending: PeerCloudEvent[] = [];
  readonly #directory: PeerDirectory;
  readonly #unsubscribe: () => void;
  #delivering = false;

  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    directory: PeerDirectory,
  ) {
    this.events$ = this.#events.asObservable();
    this.#directory = directory;
    this.#unsubscribe = core.onEvent((event) => this.#take(event));
  }

  onApplicationShutdown(): void {
    this.#unsubscribe();
    this.#events.complete();
  }

  /** An event that a listener causes waits until all listeners have had the one before. */
  #take(event: MembershipEvent): void {
    if (event.type === 'peer.features') {
      return;
    }
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

  #translate(
    event: Exclude<MembershipEvent, { type: 'peer.features' }>,
  ): PeerCloudEvent {
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
          previous: describeMember(event.previous, peer.since),
        };
      default:
        return { type: event.type, peer };
    }
  }
}
