import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Injectable,
  type InjectionToken,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import {
  KeysService,
  MembershipService,
  type MessageMetadata,
  MessagingService,
  PEER_CLOUD_OPTIONS,
  type JsonObject,
  type Peer,
  type PeerChannel,
  type PeerCloudEvent,
  type ResolvedPeerCloudOptions,
} from '../../index.js';
import { MicroserviceError } from './microservice.error.js';
import { noPeerCloud } from './microservices.messages.js';
import {
  CHANNEL,
  readListAnswer,
  readPacket,
  TRACING,
  type Packet,
  type PatternList,
} from './packets.js';

/** Ms before a peer that has not answered is asked again; each pause is twice the one before. */
const FIRST_PAUSE = 500;
const LAST_PAUSE = 30_000;

/** Ms for which a round trip counts as measured. */
const ROUND_TRIP_AGE = 10_000;

/** Ms that the others have to hear that this peer handles nothing any more. */
const FAREWELL_TIMEOUT = 1000;

/** Takes what comes for handlers of this peer. */
export type PacketHandler = (
  packet: Exclude<Packet, { list: PatternList }>,
  sender: Peer,
  metadata: MessageMetadata,
) => unknown;

/**
 * Which peer handles which patterns. A peer tells its own to each that joins, and to all when they change;
 * whoever is told answers with its own.
 */
@Injectable()
export class PatternDirectory implements OnModuleInit, OnModuleDestroy {
  readonly #moduleRef: ModuleRef;
  readonly #lists = new Map<string, PatternList>();
  readonly #questions = new Map<string, Promise<void>>();
  readonly #roundTrips = new Map<string, { ms: number; at: number }>();
  readonly #ending = new AbortController();
  /** Peers by pattern, until something changes. */
  readonly #handlers = new Map<string, Peer[]>();
  readonly #subscribers = new Map<string, Map<string, Peer[]>>();
  #own: PatternList = {
    start: randomUUID(),
    version: 0,
    requests: [],
    events: [],
  };
  #serve: PacketHandler | undefined;
  #cloud: Cloud | undefined;

  constructor(moduleRef: ModuleRef) {
    this.#moduleRef = moduleRef;
  }

  onModuleInit(): void {
    this.begin();
  }

  /**
   * What the cloud offers; takes part in the channel from the first call on, which may come before the app's
   * own hooks.
   *
   * @throws MicroserviceError (`NO_PEER_CLOUD`)
   */
  begin(): Cloud {
    if (!this.#cloud) {
      const membership = this.#provided(MembershipService);
      const messaging = this.#provided(MessagingService);
      const channel = messaging.channel(CHANNEL, TRACING);
      const keys = this.#provided(KeysService);
      const options =
        this.#provided<ResolvedPeerCloudOptions>(PEER_CLOUD_OPTIONS);
      this.#cloud = { membership, messaging, channel, keys, options };
      channel.handle((body, sender, metadata) => {
        const packet = readPacket(body);
        if ('list' in packet) {
          this.#take(sender.id, packet.list);
          return { list: this.#own };
        }
        return this.#serve?.(packet, sender, metadata) ?? { none: true };
      });
      membership.events$.subscribe((event) => this.#heard(event));
    }
    return this.#cloud;
  }

  /** From now on this peer handles these; undefined: nothing. */
  publish(
    patterns: Pick<PatternList, 'requests' | 'events'> | undefined,
    serve?: PacketHandler,
  ): void {
    this.#serve = serve;
    void this.#tellAll(patterns ?? { requests: [], events: [] });
  }

  /** The others hear it before the peer leaves, and what is on its way is still handled. */
  async onModuleDestroy(): Promise<void> {
    this.#ending.abort();
    await this.#tellAll({ requests: [], events: [] });
  }

  /** Peers that handle a request. */
  handlersOf(pattern: string): readonly Peer[] {
    let peers = this.#handlers.get(pattern);
    if (!peers) {
      peers = this.#peersWhere(({ requests }) => requests.includes(pattern));
      remember(this.#handlers, pattern, peers);
    }
    return peers;
  }

  /** Peers that handle an event, by their group. */
  subscribersOf(pattern: string): ReadonlyMap<string, readonly Peer[]> {
    let groups = this.#subscribers.get(pattern);
    if (!groups) {
      groups = new Map<string, Peer[]>();
      for (const [id, { events }] of this.#lists) {
        const peer = this.#peer(id);
        for (const [name, group] of peer ? events : []) {
          if (name === pattern) {
            groups.set(group, [...(groups.get(group) ?? []), peer!]);
          }
        }
      }
      remember(this.#subscribers, pattern, groups);
    }
    return groups;
  }

  /** Resolves when all that are here have said what they handle. */
  async whenTold(): Promise<void> {
    await Promise.all(this.#questions.values());
  }

  /** Ms of a round trip to a peer, as last measured; Infinity where it is not yet. An old one is measured again meanwhile. */
  distanceTo({ id }: Peer): number {
    if (id === this.begin().membership.self.id) {
      return 0;
    }
    const known = this.#roundTrips.get(id);
    if (!known || performance.now() - known.at > ROUND_TRIP_AGE) {
      // For as long as it is being measured, nobody else begins.
      const ms = known?.ms ?? Infinity;
      this.#roundTrips.set(id, { ms, at: performance.now() });
      void this.#measure(id);
    }
    return known?.ms ?? Infinity;
  }

  #provided<T>(token: InjectionToken<T>): T {
    try {
      return this.#moduleRef.get<T>(token, { strict: false });
    } catch (cause) {
      throw new MicroserviceError('NO_PEER_CLOUD', noPeerCloud, { cause });
    }
  }

  #heard(event: PeerCloudEvent): void {
    if (event.type === 'peer.joined') {
      const { id } = event.peer;
      const first = this.#exchange(id).catch(() => this.#askAgain(id));
      this.#questions.set(
        id,
        first.then(() => undefined),
      );
      void first.then(() => this.#questions.delete(id));
    } else if (event.type === 'peer.left') {
      const { id } = event.peer;
      this.#lists.delete(id);
      this.#questions.delete(id);
      this.#roundTrips.delete(id);
      this.#changed();
    }
  }

  /** @throws MessageError where the peer has not answered */
  async #exchange(id: string): Promise<void> {
    const { channel } = this.begin();
    const answer = await channel.send<JsonObject>(id, { list: this.#own });
    const list = readListAnswer(answer);
    if (list) {
      this.#take(id, list);
    }
  }

  /** In the background: whoever waits for the first answers does not wait for this. */
  #askAgain(id: string): void {
    const ask = async (): Promise<void> => {
      const { signal } = this.#ending;
      for (
        let pause = FIRST_PAUSE;
        this.#peer(id);
        pause = Math.min(2 * pause, LAST_PAUSE)
      ) {
        try {
          await sleep(pause, undefined, { signal, ref: false });
          return await this.#exchange(id);
        } catch {
          if (signal.aborted) {
            return;
          }
        }
      }
    };
    void ask();
  }

  async #measure(id: string): Promise<void> {
    const started = performance.now();
    try {
      await this.#exchange(id);
      const at = performance.now();
      this.#roundTrips.set(id, { ms: at - started, at });
    } catch {
      this.#roundTrips.delete(id);
    }
  }

  async #tellAll(
    patterns: Pick<PatternList, 'requests' | 'events'>,
  ): Promise<void> {
    const { membership, channel } = this.begin();
    const { start, version } = this.#own;
    this.#own = { start, version: version + 1, ...patterns };
    this.#lists.set(membership.self.id, this.#own);
    this.#changed();
    const results = await channel.broadcast<JsonObject>(
      { list: this.#own },
      { timeout: FAREWELL_TIMEOUT },
    );
    for (const { peer, error } of results) {
      if (error && !this.#ending.signal.aborted) {
        this.#askAgain(peer.id);
      }
    }
  }

  #take(id: string, list: PatternList): void {
    const known = this.#lists.get(id);
    const isOld = known?.start === list.start && known.version >= list.version;
    if (!isOld && this.#peer(id)) {
      this.#lists.set(id, list);
      this.#changed();
    }
  }

  #changed(): void {
    this.#handlers.clear();
    this.#subscribers.clear();
  }

  #peersWhere(matches: (list: PatternList) => boolean): Peer[] {
    return [...this.#lists]
      .filter(([, list]) => matches(list))
      .map(([id]) => this.#peer(id))
      .filter((peer) => peer !== undefined);
  }

  #peer(id: string): Peer | undefined {
    const { membership } = this.begin();
    return id === membership.self.id ? membership.self : membership.get(id);
  }
}

/** What clients and servers need of the cloud. */
export interface Cloud {
  readonly membership: MembershipService;
  readonly messaging: MessagingService;
  readonly channel: PeerChannel;
  readonly keys: KeysService;
  readonly options: ResolvedPeerCloudOptions;
}

/** Patterns whose peers are remembered: an app may make names of its own at each call. */
const MAX_REMEMBERED = 1000;

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.size >= MAX_REMEMBERED) {
    map.clear();
  }
  map.set(key, value);
}
