import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { EMPTY, merge, type Observable } from 'rxjs';
import { KeysService } from '../keys/index.js';
import { MembershipService, type Peer } from '../membership/index.js';
import { MessagingService } from '../messaging/index.js';
import type { ResolvedPeerCloudOptions } from '../options/peer-cloud.options.js';
import { PEER_CLOUD_OPTIONS } from '../options/peer-cloud.tokens.js';
import { PeerSecurity } from '../security/index.js';
import { isLoopback } from '../wire/address.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../wire/json.js';
import {
  briefly,
  describeError,
  describeEvent,
  nameOf,
  type JobEvent,
} from './descriptions.js';
import { Feed } from './feed.js';
import { ObserveError } from './observe.error.js';
import { SecretRotation } from './secret-rotation.js';

/** Integrations provide what is asked here under these too, so that it is found without being imported. */
const SCHEDULE = Symbol.for('nestjs-peercloud:schedule');
const CONSOLE = Symbol.for('nestjs-peercloud:console');

/** Feeds that are open at the same time, of all observers. */
const MAX_FEEDS = 32;

/** The longest that a timer of Node can hold, in ms. */
const MAX_TIMER = 2 ** 31 - 1;

/** Headers of proxies: what comes by one may come from anywhere. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/** Who asks. */
export interface ObserverOrigin {
  senderId?: string;
  remoteAddress: string;
  headers: Readonly<Record<string, unknown>>;
}

interface Schedule {
  jobs(): Promise<object[]>;
  readonly events$: Observable<JobEvent>;
}

interface Console {
  view(): Promise<{ at: Date; self: string; members: object[] }>;
}

/** Answers those who look at the cloud and are no members (PROTOCOL.md, section 6). */
@Injectable()
export class ObserveService implements BeforeApplicationShutdown {
  readonly #feeds = new Map<string, Feed>();
  readonly #membership: MembershipService;
  readonly #messaging: MessagingService;
  readonly #keys: KeysService;
  readonly #security: PeerSecurity;
  readonly #rotation: SecretRotation;
  readonly #moduleRef: ModuleRef;
  readonly #options: ResolvedPeerCloudOptions;

  constructor(
    membership: MembershipService,
    messaging: MessagingService,
    keys: KeysService,
    security: PeerSecurity,
    rotation: SecretRotation,
    moduleRef: ModuleRef,
    @Inject(PEER_CLOUD_OPTIONS) options: ResolvedPeerCloudOptions,
  ) {
    this.#membership = membership;
    this.#messaging = messaging;
    this.#keys = keys;
    this.#security = security;
    this.#rotation = rotation;
    this.#moduleRef = moduleRef;
    this.#options = options;
  }

  beforeApplicationShutdown(): void {
    for (const feed of this.#feeds.values()) {
      feed.end();
    }
  }

  /**
   * Lets an observer in. What it has signed was judged before.
   *
   * @throws ObserveError (403) for who comes to an open cloud from elsewhere, and for a member
   */
  admit({ senderId, remoteAddress, headers }: ObserverOrigin): void {
    const isLocal =
      isLoopback(remoteAddress) &&
      FORWARDED.every((name) => headers[name] === undefined);
    if (!this.#security.signed && !this.#options.observe.remote && !isLocal) {
      throw new ObserveError(
        403,
        'NOT_FROM_HERE',
        'this cloud is open, and is observed from its own machines only: ask there, or give its peers the option observe.remote',
      );
    }
    if (senderId !== undefined && this.#membership.get(senderId)) {
      throw new ObserveError(
        403,
        'IS_MEMBER',
        'this is the key of a member: give the observer a trusted one of its own',
      );
    }
  }

  /** @throws ObserveError for what cannot be answered */
  async answer(body: JsonObject): Promise<object> {
    switch (body.ask) {
      case 'members':
        return this.#members();
      case 'jobs':
        return { jobs: await this.#schedule(true).jobs() };
      case 'owner':
        return { owner: this.#ownerOf(textOf(body, 'key')).toJSON() };
      case 'events':
        return this.#open((feed) => this.#tellEvents(feed));
      case 'send':
        return this.#send(body);
      case 'broadcast':
        return this.#broadcast(body);
      case 'next':
        return this.#next(textOf(body, 'feed'));
      case 'secrets':
        return { members: await this.#rotation.run(body.change) };
      default:
        throw invalid(
          "ask must be 'members', 'jobs', 'owner', 'events', 'send', 'broadcast', 'next' or 'secrets'",
        );
    }
  }

  async #members(): Promise<object> {
    const console = this.#find<Console>(CONSOLE);
    if (console) {
      const { at, self, members } = await console.view();
      return { at, self, members };
    }
    const { self } = this.#membership;
    const members = [self, ...this.#membership.peers()];
    return {
      at: new Date(),
      self: self.id,
      members: members.map((peer) => ({
        ...peer.toJSON(),
        name: nameOf(peer),
        isSelf: peer === self,
      })),
    };
  }

  #ownerOf(key: string): Peer {
    try {
      return this.#keys.ownerOf(key);
    } catch (error) {
      throw new ObserveError(404, 'NO_OWNER', (error as Error).message);
    }
  }

  #send(body: JsonObject): object {
    const { message, timeout } = this.#messageOf(body);
    const id = textOf(body, 'to');
    const peer = this.#membership.get(id);
    if (!peer) {
      throw new ObserveError(
        404,
        'NO_SUCH_PEER',
        `no member has the id ${JSON.stringify(id)}`,
      );
    }
    return this.#open(async (feed) => {
      const options = { timeout, signal: feed.signal };
      try {
        for await (const value of this.#messaging.stream(
          peer,
          message,
          options,
        )) {
          await feed.push({ peer: briefly(peer), value: value as JsonValue });
        }
      } catch (error) {
        await feed.push({ peer: briefly(peer), error: describeError(error) });
      }
    });
  }

  #broadcast(body: JsonObject): object {
    const { message, timeout } = this.#messageOf(body);
    return this.#open(async (feed) => {
      const options = { timeout, includeSelf: true, signal: feed.signal };
      for await (const { peer, value, error } of this.#messaging.broadcast(
        message,
        options,
      )) {
        await feed.push({
          peer: briefly(peer),
          ...(error ? { error: describeError(error) } : { value: value ?? {} }),
        });
      }
    });
  }

  /** @throws ObserveError; also where each peer has a key of its own, and nobody speaks in another's name */
  #messageOf({ body, timeout = this.#options.messageTimeout }: JsonObject): {
    message: JsonObject;
    timeout: number;
  } {
    if (this.#security.peerId !== undefined) {
      throw new ObserveError(
        403,
        'NOT_ALLOWED',
        'the peers of this cloud have keys of their own, and nobody sends in the name of another',
      );
    }
    if (!isJsonObject(body)) {
      throw invalid('the body of a message must be a JSON object');
    }
    if (typeof timeout !== 'number' || timeout < 1 || timeout > MAX_TIMER) {
      throw invalid('timeout must be a number of ms, 1 at least');
    }
    return { message: body, timeout };
  }

  #tellEvents(feed: Feed): Promise<void> {
    const events = merge(
      this.#membership.events$,
      this.#schedule()?.events$ ?? EMPTY,
    );
    return new Promise((resolve) => {
      const subscription = events.subscribe({
        next: (event) => feed.offer(describeEvent(event)),
        complete: resolve,
      });
      feed.signal.addEventListener('abort', () => {
        subscription.unsubscribe();
        resolve();
      });
    });
  }

  #open(fill: (feed: Feed) => Promise<void>): object {
    if (this.#feeds.size >= MAX_FEEDS) {
      throw new ObserveError(
        429,
        'TOO_MANY_REQUESTS',
        `${MAX_FEEDS} observers are listening to this peer already: try another one, or again in half a minute`,
      );
    }
    const feed = new Feed();
    const id = crypto.randomUUID();
    this.#feeds.set(id, feed);
    feed.signal.addEventListener('abort', () => this.#feeds.delete(id));
    void fill(feed).finally(() => feed.finish());
    return { feed: id };
  }

  async #next(id: string): Promise<object> {
    const feed = this.#feeds.get(id);
    if (!feed) {
      throw new ObserveError(
        404,
        'NO_SUCH_FEED',
        'nobody has listened for half a minute, and this is over',
      );
    }
    const part = await feed.take();
    if (part.done) {
      feed.end();
    }
    return part;
  }

  #schedule(needed: true): Schedule;
  #schedule(): Schedule | undefined;
  #schedule(needed = false): Schedule | undefined {
    const schedule = this.#find<Schedule>(SCHEDULE);
    if (!schedule && needed) {
      throw new ObserveError(
        404,
        'NO_SCHEDULE',
        'this peer has no jobs: its app has no PeerScheduleModule (nestjs-peercloud/schedule)',
      );
    }
    return schedule;
  }

  #find<T>(token: symbol): T | undefined {
    try {
      return this.#moduleRef.get<T>(token, { strict: false });
    } catch {
      return undefined;
    }
  }
}

function textOf(body: JsonObject, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') {
    throw invalid(`${name} must be a string`);
  }
  return value;
}

function invalid(message: string): ObserveError {
  return new ObserveError(400, 'INVALID_BODY', message);
}
