import {
  BadRequestException,
  Inject,
  Injectable,
  Logger,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { ThrottlerStorage } from '@nestjs/throttler';
import {
  KeysService,
  MembershipService,
  MessagingService,
  type Peer,
  type PeerChannel,
} from '../../index.js';
import { HitCounters, type Hit, type HitRecord } from './hit-counters.js';
import {
  THROTTLER_OPTIONS,
  type ResolvedThrottlerOptions,
} from './throttler.options.js';

const CHANNEL = 'nestjs-peercloud/throttler';

/** Ms for which an owner that gave no answer is not asked again. */
const SILENCE = 1000;

/** Owners of which that is remembered, and lines of the log. */
const MAX_REMEMBERED = 256;

/** Characters of a key, at most. */
const MAX_KEY = 1024;

/**
 * Where @nestjs/throttler counts: the owner of a key counts the requests of all replicas. While it is out
 * of reach, each replica counts its own, and lets its share of the limit pass.
 */
@Injectable()
export class PeerThrottlerStorage
  implements ThrottlerStorage, OnModuleInit, OnModuleDestroy
{
  readonly #logger = new Logger('PeerThrottler');
  readonly #moduleRef: ModuleRef;
  readonly #options: ResolvedThrottlerOptions;
  readonly #owned: HitCounters;
  readonly #shares: HitCounters;
  /** By id of an owner: when it is asked again. */
  readonly #silent = new Map<string, number>();
  readonly #lines = new Set<string>();
  #keys!: KeysService;
  #membership!: MembershipService;
  #channel!: PeerChannel;
  #endHandling: () => void = () => undefined;

  /** @internal */
  constructor(
    moduleRef: ModuleRef,
    @Inject(THROTTLER_OPTIONS) options: ResolvedThrottlerOptions,
  ) {
    this.#moduleRef = moduleRef;
    this.#options = options;
    this.#owned = new HitCounters(options.maxKeys);
    this.#shares = new HitCounters(options.maxKeys);
  }

  /** @throws Error of Nest where `PeerCloudModule` is not imported */
  onModuleInit(): void {
    // Nest calls it once for each token that the app provides it by, ThrottlerStorage among them.
    this.#endHandling();
    const strict = { strict: false };
    this.#keys = this.#moduleRef.get(KeysService, strict);
    this.#membership = this.#moduleRef.get(MembershipService, strict);
    this.#channel = this.#moduleRef
      .get(MessagingService, strict)
      .channel(CHANNEL);
    this.#endHandling = this.#channel.handle((body, sender) =>
      this.#owned.count(this.#read(body, sender), Date.now()),
    );
  }

  onModuleDestroy(): void {
    this.#endHandling();
  }

  /** Never rejects. Times in ms, those of the record in s. */
  async increment(
    key: string,
    ttl: number,
    limit: number,
    blockDuration: number,
    throttlerName: string,
  ): ReturnType<ThrottlerStorage['increment']> {
    const name = `${throttlerName}:${key}`;
    const hit = { key: name, ttl, limit, block: blockDuration };
    const owner = this.#keys.ownersOf(name, 1)[0];
    if (owner === this.#membership.self) {
      return this.#owned.count(hit, Date.now());
    }
    const counted = owner && (await this.#ask(owner, hit));
    return counted ?? this.#countShare(hit);
  }

  async #ask(owner: Peer, hit: Hit): Promise<HitRecord | undefined> {
    if ((this.#silent.get(owner.id) ?? 0) > Date.now()) {
      return undefined;
    }
    try {
      const { timeout } = this.#options;
      const record = await this.#channel.send<HitRecord>(
        owner,
        { ...hit },
        { timeout },
      );
      if (record === undefined) {
        this.#warnOnce(
          `peer ${owner.id} owns keys and has no PeerThrottlerStorage: each replica counts them by itself`,
        );
      }
      return record;
    } catch (error) {
      this.#logger.debug(
        `owner ${owner.id} does not count: ${(error as Error).message}`,
      );
      remember(this.#silent, owner.id, Date.now() + SILENCE);
      return undefined;
    }
  }

  /** As if all replicas had as many requests as this one. */
  #countShare(hit: Hit): HitRecord {
    const members = this.#membership.peers().length + 1;
    const limit = Math.max(1, Math.floor(hit.limit / members));
    return this.#shares.count({ ...hit, limit }, Date.now());
  }

  /** @throws BadRequestException for what is no hit */
  #read(body: unknown, sender: Peer): Hit {
    const { key, ttl, limit, block } = body as Partial<
      Record<keyof Hit, unknown>
    >;
    if (
      typeof key === 'string' &&
      key.length <= MAX_KEY &&
      isTime(ttl) &&
      isTime(limit) &&
      isTime(block)
    ) {
      return { key, ttl, limit, block };
    }
    this.#warnOnce(
      `refuses what peer ${sender.id} wants counted: it has no right key, ttl, limit and block`,
    );
    throw new BadRequestException('a hit has key, ttl, limit and block');
  }

  #warnOnce(line: string): void {
    if (!this.#lines.has(line) && this.#lines.size < MAX_REMEMBERED) {
      this.#lines.add(line);
      this.#logger.warn(line);
    }
  }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}

function remember(map: Map<string, number>, key: string, value: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MAX_REMEMBERED) {
    map.delete(map.keys().next().value!);
  }
}
