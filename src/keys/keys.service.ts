import { Inject, Injectable } from '@nestjs/common';
import type { Observable } from 'rxjs';
import {
  PeerDirectory,
  type Peer,
  type SendOptions,
} from '../membership/index.js';
import { readSection } from '../options/read-section.js';
import { KEYS } from '../options/option-tables.js';
import { KeyMessenger, type KeyReply } from './key-messenger.js';
import { KeyOwners, NoOwnerError } from './key-owners.js';
import type { KeysOptions } from './keys.options.js';
import type { JsonValue } from '../wire/json.js';

/**
 * Who owns a key: a user, a room, a name. All settled peers give the same answer, without asking anybody
 * (PROTOCOL.md, section 4, `keys`). A peer that comes takes over its share of the keys, and of one that
 * goes only its own keys move. Peers of the original kind own nothing.
 *
 * Around a coming or going, and in each part of a parted cloud, two peers may own the same key for a while.
 */
@Injectable()
export class KeysService {
  /** All that own keys, after each change. The owners of the keys that one looks after may be others now. */
  readonly changes$: Observable<Peer[]>;

  readonly #owners: KeyOwners;
  readonly #messenger: KeyMessenger;
  readonly #directory: PeerDirectory;

  /** @internal */
  constructor(
    owners: KeyOwners,
    messenger: KeyMessenger,
    @Inject(PeerDirectory) directory: PeerDirectory,
  ) {
    this.#owners = owners;
    this.#messenger = messenger;
    this.#directory = directory;
    this.changes$ = owners.changes$;
  }

  /**
   * The owner of a key, at once. Until this peer is settled (`MembershipService.whenSettled()`), others may
   * say otherwise.
   *
   * @throws NoOwnerError (`NO_OWNER`) where no peer is eligible
   */
  ownerOf(key: string): Peer {
    const owner = this.#owners.ownerOf(key);
    if (!owner) {
      throw new NoOwnerError(key);
    }
    return owner;
  }

  /** The owner, and those who would be it without the ones before; fewer where fewer are eligible. */
  ownersOf(key: string, count: number): Peer[] {
    return this.#owners.ownersOf(key, count);
  }

  /** True if this peer owns the key. */
  isOwner(key: string): boolean {
    return this.#owners.ownerOf(key) === this.#directory.self;
  }

  /**
   * Sends a message to the owner of a key, whose `@OnPeerMessage()` methods handle it. A peer that finds
   * that another one is the owner passes it on, once. While the owner cannot be reached, and the message
   * was surely not handled, it is sent again, to whoever is the owner then.
   *
   * @returns the reply, and the id of the peer that gave it
   * @throws MessageError and OptionsError as `MessagingService.send()` does
   * @throws NoOwnerError (`NO_OWNER`) where no peer is eligible
   */
  send<T = JsonValue>(
    key: string,
    body: unknown,
    options?: SendOptions,
  ): Promise<KeyReply<T>> {
    return this.#messenger.send(key, body, options) as Promise<KeyReply<T>>;
  }

  /**
   * Replaces this peer's own part, here and at all others; what is left out stays as it is.
   *
   * @throws OptionsError for a wrong value
   */
  update(options: KeysOptions): void {
    const own = { ...this.#owners.own, ...options };
    this.#owners.update(readSection(own, 'keys', KEYS));
  }
}
