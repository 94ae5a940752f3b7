import type { JsonObject, JsonValue } from '../wire/json.js';
import type { Member } from './core/membership.types.js';
import type { SendOptions } from './peer-messenger.interface.js';

/** What a peer is at one moment: what `JSON.stringify(peer)` writes. */
export interface PeerDescription {
  id: string;
  ip: string;
  port: number;
  data: JsonObject;
  features: readonly string[];
}

/** What stands behind a peer; MembershipService makes it. */
export interface PeerSource {
  /** The newest record; the last one, when the peer is on the list no more. */
  record(): Member;
  send(body: JsonValue, options?: SendOptions): Promise<JsonValue>;
}

/**
 * A member of the cloud, or oneself. The same object for as long as the member is on the list; what
 * it says is always the newest that is known.
 */
export class Peer {
  readonly #source: PeerSource;

  constructor(source: PeerSource) {
    this.#source = source;
  }

  /** Unique in the cloud; another one after a restart, unless the option `id` says otherwise. */
  get id(): string {
    return this.#source.record().id;
  }

  /** IP literal under which the peer is reached; `''` for oneself until it is known. */
  get ip(): string {
    return this.#source.record().ip;
  }

  /** Port under which the peer is reached; `0` for oneself until the app listens. */
  get port(): number {
    return this.#source.record().port;
  }

  /** What the peer says about itself. Not to be changed: `MembershipService.update()` does that. */
  get data(): JsonObject {
    return this.#source.record().data;
  }

  /** The protocol extensions that the peer advertises; none for a peer of the original kind. */
  get features(): readonly string[] {
    return this.#source.record().features;
  }

  /**
   * Sends a message to this peer and resolves to the reply (PROTOCOL.md, section 2, `/message`).
   * To oneself it works without the network.
   *
   * @throws MessageError with one of the codes of its documentation
   */
  send<T = JsonValue>(body: JsonValue, options?: SendOptions): Promise<T> {
    return this.#source.send(body, options) as Promise<T>;
  }

  toJSON(): PeerDescription {
    return describeMember(this.#source.record());
  }
}

/** The public part of a record. */
export function describeMember(member: Member): PeerDescription {
  const { id, ip, port, data, features } = member;
  return { id, ip, port, data, features };
}
