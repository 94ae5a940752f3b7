import { deepFreeze } from '../util/deep-freeze.js';
import type { JsonObject, JsonValue } from '../wire/json.js';
import type { Member } from './core/index.js';

/** How long a message waits for its reply, what ends it early, and what travels beside its body. */
export interface SendOptions {
  /** Ms until the reply has to be there. Default: the option `messageTimeout`. */
  timeout?: number | undefined;
  /** Gives the message up; the promise rejects with code `ABORTED`. */
  signal?: AbortSignal | undefined;
  /**
   * Strings that the receiver's handler finds by `@PeerMetadata()`: trace context, idempotency keys,
   * tenants. 4,096 characters of JSON at most, where one beyond ASCII counts as 6. Signed with the message
   * in signed clouds. Peers without the feature `head` get the message without it.
   */
  metadata?: Readonly<Record<string, string>> | undefined;
}

/** The way that messages to a peer take: one stream for all of them, or a request to `/message` for each. */
export interface PeerLane {
  readonly kind: 'stream' | 'message';
  /** Since when it is so. */
  readonly since: Date;
  /** Why it is no stream. */
  readonly reason?: string;
}

/** What carries a peer's messages: bound by the messaging layer, which stands above this one. */
export interface PeerMessenger {
  send(
    peerId: string,
    body: JsonValue,
    options?: SendOptions,
  ): Promise<JsonValue>;
  lane?(peerId: string): PeerLane | undefined;
}

/** How a peer on the list stands: it answers, or has lately been found silent. */
export type PeerState = 'alive' | 'suspect';

/** What a peer is at one moment: the fields of a Peer as plain values, which change no more. */
export interface PeerDescription {
  readonly id: string;
  readonly ip: string;
  readonly port: number;
  readonly data: JsonObject;
  readonly features: readonly string[];
  readonly state: PeerState;
  readonly since: Date;
}

/**
 * What stands behind a peer; PeerDirectory makes it.
 *
 * @internal
 */
export interface PeerBacking {
  /** The newest record; the last one, when the peer is on the list no more. */
  record(): Member;
  /** Unix time in ms of its first record. */
  readonly since: number;
  send(body: JsonValue, options?: SendOptions): Promise<JsonValue>;
  lane?(): PeerLane | undefined;
}

/**
 * A member of the cloud, or oneself. The same object for as long as the member is on the list; what
 * it says is always the newest that is known. Its fields cannot be written. `{ ...peer }` keeps them as
 * they are now.
 */
export class Peer {
  /** Unique in the cloud; another one after a restart, unless the option `id` says otherwise. */
  declare readonly id: string;

  /** IP literal under which the peer is reached; `''` for oneself until it is known. */
  declare readonly ip: string;

  /** Port under which the peer is reached; `0` for oneself until the app listens. */
  declare readonly port: number;

  /** What the peer says about itself; frozen. `MembershipService.update()` replaces one's own. */
  declare readonly data: JsonObject;

  /** The protocol extensions that the peer advertises; none for a peer of the original kind. */
  declare readonly features: readonly string[];

  /** `suspect` while the peer does not answer and may be gone (PROTOCOL.md, section 4); else `alive`. */
  declare readonly state: PeerState;

  /** When this peer first knew it, by its own clock. Another start of a peer is another peer. */
  declare readonly since: Date;

  readonly #source: PeerBacking;

  /** Own fields, so that JSON, a spread, structuredClone and class-transformer find them. */
  static readonly #fields: PropertyDescriptorMap = Object.fromEntries(
    Object.entries({
      id: (peer: Peer) => peer.#source.record().id,
      ip: (peer: Peer) => peer.#source.record().ip,
      port: (peer: Peer) => peer.#source.record().port,
      data: (peer: Peer) => deepFreeze(peer.#source.record().data),
      features: (peer: Peer) => deepFreeze(peer.#source.record().features),
      state: (peer: Peer) => stateOf(peer.#source.record()),
      since: (peer: Peer) => new Date(peer.#source.since),
    }).map(([name, read]) => [
      name,
      {
        enumerable: true,
        get(this: Peer) {
          return read(this);
        },
      },
    ]),
  );

  /** @internal */
  constructor(source: PeerBacking) {
    this.#source = source;
    Object.defineProperties(this, Peer.#fields);
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

  /**
   * How messages to this peer travel now; undefined while none do, and for oneself. It is no field that a
   * spread or JSON shows.
   */
  get lane(): PeerLane | undefined {
    return this.#source.lane?.();
  }

  /** What `JSON.stringify()` writes. */
  toJSON(): PeerDescription {
    const { id, ip, port, data, features, state, since } = this;
    return { id, ip, port, data, features, state, since };
  }

  /**
   * What `console.log()` writes.
   *
   * @internal
   */
  [Symbol.for('nodejs.util.inspect.custom')](
    _depth: number,
    options: object,
    inspect: (value: object, options: object) => string,
  ): string {
    return `Peer ${inspect(this.toJSON(), options)}`;
  }
}

/** A record as an application may have it. */
export function describeMember(member: Member, since: Date): PeerDescription {
  const { id, ip, port, data, features } = member;
  const state = stateOf(member);
  return deepFreeze({ id, ip, port, data, features, state, since });
}

function stateOf({ state }: Member): PeerState {
  return state === 'alive' ? 'alive' : 'suspect';
}
