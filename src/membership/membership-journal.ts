import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { formatAddress, isLoopback } from '../wire/address.js';
import {
  cloudJoined,
  cloudLeft,
  loopbackAdvertised,
  peerJoined,
  peerLeft,
  peerRecovered,
  peerSuspected,
  peerUpdated,
} from './membership.messages.js';
import { MembershipEvents } from './membership-events.js';
import type { PeerCloudEvent } from './peer-cloud.events.js';
import { PeerDirectory } from './peer-directory.js';
import type { Peer } from './peer.js';

/** Writes what happens to the cloud into the log. */
@Injectable()
export class MembershipJournal implements OnModuleInit {
  readonly #logger = new Logger('PeerCloud');
  #warnedOfLoopback = false;

  readonly #membership: MembershipEvents;
  readonly #directory: PeerDirectory;

  constructor(membership: MembershipEvents, directory: PeerDirectory) {
    this.#membership = membership;
    this.#directory = directory;
  }

  onModuleInit(): void {
    this.#membership.events$.subscribe((event) => this.#write(event));
  }

  #write(event: PeerCloudEvent): void {
    switch (event.type) {
      case 'cloud.joined':
        this.#logger.log(cloudJoined(this.#directory.list().length + 1));
        break;
      case 'cloud.left':
        this.#logger.log(cloudLeft);
        break;
      case 'peer.joined':
        this.#logger.log(peerJoined(nameOf(event.peer)));
        this.#warnOfLoopback(event.peer);
        break;
      case 'peer.left':
        this.#logger.log(peerLeft[event.reason](nameOf(event.peer)));
        break;
      case 'peer.updated':
        this.#logger.debug(peerUpdated(nameOf(event.peer)));
        break;
      case 'peer.suspected':
        this.#logger.debug(peerSuspected(nameOf(event.peer)));
        break;
      case 'peer.recovered':
        this.#logger.debug(peerRecovered(nameOf(event.peer)));
    }
  }

  #warnOfLoopback(peer: Peer): void {
    const { self } = this.#directory;
    if (
      !this.#warnedOfLoopback &&
      isLoopback(self.ip) &&
      !isLoopback(peer.ip)
    ) {
      this.#warnedOfLoopback = true;
      this.#logger.warn(loopbackAdvertised(addressOf(self), addressOf(peer)));
    }
  }
}

function nameOf(peer: Peer): string {
  return `${peer.id} at ${addressOf(peer)}`;
}

function addressOf({ ip, port }: Peer): string {
  return formatAddress({ ip, port });
}
