import { AsyncLocalStorage } from 'node:async_hooks';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationShutdown,
  type BeforeApplicationShutdown,
} from '@nestjs/common';
import type {
  MembershipCore,
  Member,
  MembershipEvent,
  PeerLane,
} from '../../../membership/index.js';
import type { ResolvedPeerCloudOptions } from '../../../options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
} from '../../../options/peer-cloud.tokens.js';
import { LimitedLog } from '../../../util/limited-log.js';
import { BodyBudget } from '../../../security/index.js';
import { formatAddress } from '../../../wire/address.js';
import type { JsonObject, JsonValue } from '../../../wire/json.js';
import {
  untilIdle,
  HttpLane,
  type MessageLane,
  type OutgoingMessage,
} from '../../lanes/index.js';
import {
  BEATS,
  DeadlineWatch,
  Heartbeat,
  StreamError,
} from '../framing/index.js';
import {
  goesByMessage,
  noStreamsHere,
  noStreamsThere,
} from '../../messaging.messages.js';
import { resolveStreamOptions } from '../../messaging.options.js';
import { PeerLink, type PeerLinkContext } from './peer-link.js';
import { STREAM_DIALER, type StreamDialer } from './stream-dialer.js';
import { StreamOpenings, StreamPlaces } from './stream-openings.js';

/** Messages for each connection that go by `/message` at the same time where a stream is refused: one at work, one that follows. */
const FALLBACK_PER_CONNECTION = 2;

/** Members up to which streams stay open without messages, for the checks; each costs a socket on both sides. */
const SMALL_CLOUD = 16;

/** Ms between two looks at streams on which a message waits for any sign of its receiver. */
const SILENCE_CHECKS = 250;

/** The fast lane: one socket to each peer (PROTOCOL.md, section 4, `upgrade`). */
@Injectable()
export class StreamLane
  implements MessageLane, BeforeApplicationShutdown, OnApplicationShutdown
{
  readonly #links = new Map<string, PeerLink>();
  /** Links of peers that have gone, until their last replies are in. */
  readonly #ending = new Set<PeerLink>();
  /** Peers to which messages go without streams. */
  readonly #otherwise = new Map<string, PeerLane>();
  readonly #log = new LimitedLog(new Logger('PeerCloud'), () =>
    performance.now(),
  );
  readonly #context: PeerLinkContext;
  readonly #enabled: boolean;
  readonly #shutdownTimeout: number;
  readonly #openings: StreamOpenings;
  readonly #heartbeat: Heartbeat;
  readonly #silence: Heartbeat;
  readonly #deadlines = new DeadlineWatch((now) => this.#expire(now));
  readonly #unsubscribe: () => void;

  readonly #http: HttpLane;

  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    @Inject(PEER_CLOUD_OPTIONS) options: ResolvedPeerCloudOptions,
    @Inject(STREAM_DIALER) dial: StreamDialer,
    http: HttpLane,
  ) {
    this.#http = http;
    const { messaging, limits } = options;
    const stream = messaging.stream || resolveStreamOptions({}, 'stream');
    // What a stream does later belongs to no request of the caller that happened to open it.
    const outside = AsyncLocalStorage.snapshot();
    this.#enabled = messaging.stream !== false;
    this.#shutdownTimeout = options.shutdownTimeout;
    this.#openings = new StreamOpenings(dial, stream.openTimeout);
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
      maxFallback: limits.connectionsPerPeer * FALLBACK_PER_CONNECTION,
      hasPlace: () => places.hasPlace(),
      open: (member) => outside(() => this.#openings.open(member)),
      sendOtherwise: (member, message) => http.send(member, message),
      watchSilence: () => this.#silence.start(),
      watch: (deadline) => this.#deadlines.watch(deadline),
      noteAlive: (peerId) => core.noteAlive(peerId),
      keepsOpen: () =>
        options.healthCheck !== false &&
        core.members().length <= Math.min(SMALL_CLOUD, stream.maxStreams),
      isOut: () => core.recovery.whenBack !== undefined,
      onRefused: ({ id, ip, port }, reason) =>
        this.#log.warn(
          goesByMessage(`${id} at ${formatAddress({ ip, port })}`),
          reason,
        ),
    };
    this.#heartbeat = new Heartbeat(
      stream.heartbeatInterval / BEATS,
      (now, stalled) => this.#beat(now, stalled),
    );
    this.#silence = new Heartbeat(SILENCE_CHECKS, (now, stalled) =>
      this.#checkSilence(now, stalled),
    );
    this.#unsubscribe = core.onEvent((event) => this.#follow(event));
    core.askOver(this);
  }

  /** Sends over the peer's stream, or by `/message` where there is none. */
  send(
    member: Member,
    message: OutgoingMessage,
  ): Promise<JsonValue | undefined> {
    const link = this.#links.get(member.id) ?? this.#connect(member);
    if (link) {
      return link.send(message);
    }
    if (!this.#otherwise.has(member.id)) {
      const reason = this.#enabled ? noStreamsThere : noStreamsHere;
      const lane = { kind: 'message', since: new Date(), reason } as const;
      this.#otherwise.set(member.id, Object.freeze(lane));
    }
    return this.#http.send(member, message);
  }

  /** Asks a member for its status over the stream that this peer has opened to it; undefined where there is none. */
  ask(
    member: Member,
    body: JsonObject,
  ): Promise<JsonObject | undefined> | undefined {
    const link =
      this.#links.get(member.id) ??
      (this.#context.keepsOpen() ? this.#connect(member) : undefined);
    return link?.ask(body);
  }

  /** How messages to a peer travel now; undefined while none do. */
  lane(peerId: string): PeerLane | undefined {
    return this.#links.get(peerId)?.lane ?? this.#otherwise.get(peerId);
  }

  /** Messages that wait until they can be sent. */
  get waiting(): number {
    let count = 0;
    for (const link of this.#all()) {
      count += link.waiting;
    }
    return count;
  }

  /** The messages of this peer get their replies before it goes, within the time that closing may take. */
  beforeApplicationShutdown(): Promise<void> {
    return untilIdle(() => this.#isBusy, this.#shutdownTimeout);
  }

  onApplicationShutdown(): void {
    this.#unsubscribe();
    this.#heartbeat.stop();
    this.#silence.stop();
    this.#deadlines.stop();
    this.#openings.close();
    for (const link of this.#all()) {
      link.destroy(new StreamError('this peer shuts down'));
    }
    this.#links.clear();
  }

  get #isBusy(): boolean {
    return [...this.#all()].some((link) => link.isBusy);
  }

  #connect(member: Member): PeerLink | undefined {
    if (!this.#enabled || !member.features.includes('upgrade')) {
      return undefined;
    }
    this.#otherwise.delete(member.id);
    const link = new PeerLink(member, this.#context);
    this.#links.set(member.id, link);
    this.#heartbeat.start();
    return link;
  }

  #follow(event: MembershipEvent): void {
    if (event.type === 'peer.left') {
      const { id } = event.member;
      this.#otherwise.delete(id);
      const link = this.#links.get(id);
      if (event.reason !== 'left') {
        const cause = new StreamError(`the peer is gone (${event.reason})`);
        this.#links.delete(id);
        link?.destroy(cause);
        this.#http.giveUp(id, cause);
      } else if (link) {
        // A peer that leaves finishes what it has.
        this.#release(link);
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

  #checkSilence(now: number, stalled: boolean): void {
    let waits = stalled;
    // After a pause of this process, what has come meanwhile is read first.
    for (const link of stalled ? [] : this.#all()) {
      waits = link.checkSilence(now) || waits;
    }
    if (!waits) {
      this.#silence.stop();
    }
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
      this.#heartbeat.stop();
    }
  }

  *#all(): Iterable<PeerLink> {
    yield* this.#links.values();
    yield* this.#ending;
  }
}
