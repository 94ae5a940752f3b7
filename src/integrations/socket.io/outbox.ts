import { randomBytes } from 'node:crypto';
import type { Logger } from '@nestjs/common';
import {
  BadStatusError,
  ConnectionLostError,
  InvalidReplyError,
  UnreachableError,
  type JsonObject,
  type JsonValue,
  type PeerChannel,
} from '../../index.js';
import { PeerLink, type Parcel } from './peer-link.js';
import {
  givenUp,
  notSent,
  otherVersion,
  refused,
  withoutModule,
} from './socket-io.messages.js';
import { readReply, readWelcome, VERSION, type Reply } from './wire.js';

/** Ms before a peer that did not take a message is greeted again; each failure doubles it. */
const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 1_000;

/**
 * Ms that a message may take to be confirmed, before it is sent again. Less, and what a busy peer has not read
 * yet would make it busier; more, and what a connection that died in silence has swallowed would be missed for
 * longer.
 */
const PATIENCE = 15_000;

/** Statuses of a peer, or of what stands before it, that has other things to do or does not know this one yet. */
const PASSING = [403, 408, 429, 502, 503, 504];

/** What becomes of questions. */
export interface OutboxListener {
  /** A peer has replied to message `n`, whose sender asked for values. */
  onReply(n: number, peer: string, reply: Reply): void;
  /** A peer gives no values any more: it is gone, or nobody listens there. */
  onGone(peer: string): void;
}

/**
 * Messages to all peers, numbered. A peer gets each of them for as long as it is a member, by the number
 * that it says it waits for: at first, and when something went wrong on the way.
 */
export class Outbox {
  readonly #session = randomBytes(6).toString('base64url');
  readonly #links = new Map<string, PeerLink>();
  #number = 0;

  readonly #channel: PeerChannel;
  readonly #listener: OutboxListener;
  readonly #logger: Logger;

  constructor(channel: PeerChannel, listener: OutboxListener, logger: Logger) {
    this.#channel = channel;
    this.#listener = listener;
    this.#logger = logger;
  }

  /** Peers that have a Socket.IO adapter, as far as is known. */
  get peers(): string[] {
    return [...this.#links.values()]
      .filter(({ state }) => state !== 'absent')
      .map(({ peer }) => peer);
  }

  /** True if nobody listens at a peer. */
  isLost(peer: string): boolean {
    return this.#links.get(peer)?.isLost ?? true;
  }

  /** Sends to a peer from now on. */
  add(peer: string): void {
    if (!this.#links.has(peer)) {
      const link = new PeerLink(peer);
      this.#links.set(peer, link);
      void this.#greet(link);
    }
  }

  /** A peer has said hello: it has an adapter, if it was not known to have one. */
  met(peer: string): void {
    const link = this.#links.get(peer);
    if (link?.state === 'absent') {
      link.state = 'greeting';
      void this.#greet(link);
    }
  }

  /** A peer is no member any more. */
  remove(peer: string): void {
    this.#links.delete(peer);
    this.#listener.onGone(peer);
  }

  /** Ends all of it. */
  close(): void {
    for (const peer of this.#links.keys()) {
      this.remove(peer);
    }
  }

  /**
   * Sends to all peers. Nothing is waited for.
   *
   * @returns its number; undefined if it cannot be sent, which is logged, or if there is nobody
   */
  publish(nsp: string, message: JsonObject, asks: boolean): number | undefined {
    if (this.#links.size === 0) {
      return undefined;
    }
    const n = this.#number + 1;
    const body = { n, session: this.#session, ...message };
    let results;
    try {
      results = this.#channel.broadcast<JsonValue>(body, {
        to: ({ id }) => this.#links.get(id)?.state === 'open',
        timeout: PATIENCE,
      });
    } catch (error) {
      this.#logger.error(notSent(nsp), error);
      return undefined;
    }
    this.#number = n;
    const parcel: Parcel = { n, nsp, body, asks };
    const opened = new Map<string, number>();
    for (const link of this.#links.values()) {
      if (link.state === 'open') {
        opened.set(link.peer, link.opened);
      }
      this.#keep(link, parcel);
    }
    void this.#follow(parcel, opened, results);
    return n;
  }

  #keep(link: PeerLink, parcel: Parcel): void {
    if (link.state === 'absent') {
      return;
    }
    const wasOpen = link.state === 'open';
    const dropped = link.keep(parcel);
    if (dropped > 0) {
      this.#logger.warn(givenUp(dropped, link.peer));
      if (wasOpen) {
        void this.#greet(link);
      }
    }
  }

  async #follow(
    parcel: Parcel,
    opened: ReadonlyMap<string, number>,
    results: AsyncIterable<{
      peer: { id: string };
      value?: JsonValue | undefined;
      error?: Error | undefined;
    }>,
  ): Promise<void> {
    for await (const { peer, value, error } of results) {
      const link = this.#links.get(peer.id);
      if (link) {
        this.#settle(link, opened.get(peer.id), parcel, value, error);
      }
    }
  }

  /** What has become of a message that was sent at the link's n-th opening. */
  #settle(
    link: PeerLink,
    opened: number | undefined,
    parcel: Parcel,
    value: JsonValue | undefined,
    error: Error | undefined,
  ): void {
    if (!link.isUnconfirmed(parcel.n)) {
      return;
    }
    if (error && isFinal(error)) {
      this.#refuse(link, parcel, error);
      return;
    }
    const reply = error ? 'again' : readReply(value);
    if (reply !== 'again') {
      link.confirm(parcel.n);
      if (parcel.asks) {
        this.#listener.onReply(parcel.n, link.peer, reply);
      }
    } else if (link.state === 'open' && link.opened === opened) {
      link.state = 'greeting';
      if (error instanceof UnreachableError) {
        this.#lose(link);
      }
      // A connection that broke tells nothing of the peer: whether it lives is asked at once.
      const broken = error instanceof ConnectionLostError;
      void this.#greet(link, broken ? 0 : FIRST_PAUSE);
    }
  }

  /** Nobody listens there. */
  #lose(link: PeerLink): void {
    if (!link.isLost) {
      link.isLost = true;
      this.#listener.onGone(link.peer);
    }
  }

  /** The peer will never take it: its number is all that it gets. */
  #refuse(link: PeerLink, parcel: Parcel, error: Error): void {
    const { n, nsp, asks } = parcel;
    this.#logger.error(refused(nsp, link.peer, error.message));
    if (asks) {
      this.#listener.onReply(n, link.peer, { of: 0 });
    }
    const body = { n, session: this.#session, skip: true };
    const skip: Parcel = { n, nsp, body, asks: false };
    link.keep(skip);
    this.#send(link, skip);
  }

  #send(link: PeerLink, parcel: Parcel): void {
    const { opened } = link;
    this.#channel
      .send<JsonValue>(link.peer, parcel.body, { timeout: PATIENCE })
      .then(
        (value) => this.#settle(link, opened, parcel, value, undefined),
        (error: Error) => this.#settle(link, opened, parcel, undefined, error),
      );
  }

  /** Says hello until the peer says which number it waits for; then what it has not got goes out. */
  async #greet(link: PeerLink, pause = 0): Promise<void> {
    while (this.#isGreeting(link)) {
      if (pause > 0) {
        await wait(pause);
      }
      pause = Math.min(LONGEST_PAUSE, Math.max(FIRST_PAUSE, 2 * pause));
      if (this.#isGreeting(link)) {
        await this.#greetOnce(link);
      }
    }
  }

  /** False once the peer is gone, or somebody else has opened or closed the link. */
  #isGreeting(link: PeerLink): boolean {
    return link.state === 'greeting' && this.#links.get(link.peer) === link;
  }

  async #greetOnce(link: PeerLink): Promise<void> {
    const hello = {
      hello: VERSION,
      session: this.#session,
      from: link.first ?? this.#number + 1,
    };
    try {
      const reply = await this.#channel.send<JsonValue>(link.peer, hello);
      if (this.#isGreeting(link)) {
        this.#welcomed(link, reply);
      }
    } catch (error) {
      if (error instanceof UnreachableError) {
        this.#lose(link);
      }
    }
  }

  #welcomed(link: PeerLink, reply: JsonValue | undefined): void {
    const welcome = readWelcome(reply);
    if (welcome?.hello === VERSION) {
      for (const parcel of link.open(welcome.next)) {
        this.#send(link, parcel);
      }
      return;
    }
    if (welcome) {
      this.#logger.warn(otherVersion(link.peer, welcome.hello));
    } else if (link.opened === 0) {
      this.#logger.log(withoutModule(link.peer));
    }
    link.close();
    this.#listener.onGone(link.peer);
  }
}

/** True if the same message, or its reply, would be refused again. */
function isFinal(error: Error): boolean {
  return error instanceof BadStatusError
    ? !PASSING.includes(error.status)
    : error instanceof InvalidReplyError;
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
