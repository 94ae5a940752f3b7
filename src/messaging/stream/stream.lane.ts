import { AsyncLocalStorage } from 'node:async_hooks';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type {
  Member,
  MembershipCore,
  MembershipEvent,
} from '../../membership/index.js';
import type { ResolvedPeerCloudOptions } from '../../options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
} from '../../options/peer-cloud.tokens.js';
import { BodyBudget } from '../../security/index.js';
import type { JsonValue } from '../../wire/json.js';
import {
  HttpLane,
  type MessageLane,
  type OutgoingMessage,
} from '../lanes/index.js';
import { DeadlineWatch } from './deadline-watch.js';
import { PeerLink, type PeerLinkContext } from './peer-link.js';
import { Pulse } from './pulse.js';
import { DETOURS_PER_CONNECTION } from './stream.constants.js';
import { StreamError } from './stream.error.js';
import { StreamPlaces } from './stream-places.js';
import { STREAM_OPENER, type StreamOpener } from './stream-opener.js';
import { StreamOpenings } from './stream-openings.js';
import { resolveStreamOptions } from './stream.options.js';

/** The fast lane: one long request to each peer (PROTOCOL.md, section 4, `stream`). */
@Injectable()
export class StreamLane implements MessageLane, OnApplicationShutdown {
  readonly #links = new Map<string, PeerLink>();
  /** Links of peers that have gone, until their last replies are in. */
  readonly #ending = new Set<PeerLink>();
  readonly #context: PeerLinkContext;
  readonly #enabled: boolean;
  readonly #openings: StreamOpenings;
  readonly #pulse: Pulse;
  readonly #deadlines = new DeadlineWatch((now) => this.#expire(now));
  readonly #unsubscribe: () => void;

  readonly #http: HttpLane;

  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    @Inject(PEER_CLOUD_OPTIONS) options: ResolvedPeerCloudOptions,
    @Inject(STREAM_OPENER) open: StreamOpener,
    http: HttpLane,
  ) {
    this.#http = http;
    const { messaging, limits } = options;
    const stream = messaging.stream || resolveStreamOptions({}, 'stream');
    // What a stream does later belongs to no request of the caller that happened to open it.
    const outside = AsyncLocalStorage.snapshot();
    this.#enabled = messaging.stream !== false;
    this.#openings = new StreamOpenings(open, stream.openTimeout);
    // Replies have as much memory as requests, which strangers could take up otherwise.
    const budget = new BodyBudget(limits.maxIncomingBytes);
    const places = new StreamPlaces(stream.maxStreams, () => this.#all());
    this.#context = {
      options: stream,
      // One that did not fit in there would break its stream.
      maxBytes: Math.min(limits.maxAnswerBytes, limits.maxIncomingBytes),
      maxDepth: limits.maxJsonDepth,
      openAccount: () => budget.open(),
      maxWaiting: limits.maxRequestsToPeer,
      maxDetours: limits.connectionsPerPeer * DETOURS_PER_CONNECTION,
      hasPlace: () => places.hasPlace(),
      open: (member) => outside(() => this.#openings.open(member)),
      sendOtherwise: (member, message) => http.send(member, message),
      watch: (deadline) => this.#deadlines.watch(deadline),
      noteAlive: (peerId) => core.noteAlive(peerId),
    };
    this.#pulse = new Pulse(stream.heartbeatInterval / 2, (now, stalled) =>
      this.#beat(now, stalled),
    );
    this.#unsubscribe = core.onEvent((event) => this.#follow(event));
  }

  /** Sends over the peer's stream, or by `/message` where there is none. */
  send(member: Member, message: OutgoingMessage): Promise<JsonValue> {
    const link = this.#links.get(member.id) ?? this.#connect(member);
    return link ? link.send(message) : this.#http.send(member, message);
  }

  onApplicationShutdown(): void {
    this.#unsubscribe();
    this.#pulse.stop();
    this.#deadlines.stop();
    this.#openings.close();
    for (const link of this.#all()) {
      link.destroy(new StreamError('this peer shuts down'));
    }
    this.#links.clear();
  }

  #connect(member: Member): PeerLink | undefined {
    if (!this.#enabled || !member.features.includes('stream')) {
      return undefined;
    }
    const link = new PeerLink(member, this.#context);
    this.#links.set(member.id, link);
    this.#pulse.start();
    return link;
  }

  #follow(event: MembershipEvent): void {
    if (event.type === 'peer.left') {
      const link = this.#links.get(event.member.id);
      if (link && event.reason === 'left') {
        // A peer that leaves finishes what it has.
        this.#release(link);
      } else if (link) {
        this.#links.delete(link.peerId);
        link.destroy(new StreamError(`the peer is gone (${event.reason})`));
      }
    } else if (event.type === 'peer.updated') {
      this.#links.get(event.member.id)?.move(event.member);
    }
  }

  #release(link: PeerLink): void {
    this.#links.delete(link.peerId);
    link.end();
    this.#ending.add(link);
  }

  #expire(now: number): number {
    let next = Infinity;
    for (const link of this.#all()) {
      next = Math.min(next, link.expire(now));
    }
    return next;
  }

  #beat(now: number, stalled: boolean): void {
    for (const link of this.#all()) {
      link.beat(now, stalled);
    }
    for (const link of this.#ending) {
      if (link.isOver) {
        this.#ending.delete(link);
      }
    }
    for (const link of this.#links.values()) {
      if (link.isOver) {
        this.#links.delete(link.peerId);
      }
    }
    if (this.#links.size === 0 && this.#ending.size === 0) {
      this.#pulse.stop();
    }
  }

  *#all(): Iterable<PeerLink> {
    yield* this.#links.values();
    yield* this.#ending;
  }
}
