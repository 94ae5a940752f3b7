import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createCache } from 'cache-manager';
import { Redis } from 'ioredis';
import { Keyv } from 'keyv';
import { MembershipService, PeerCloudModule } from 'nestjs-peercloud';
import { PeerCache, PeerCacheModule } from 'nestjs-peercloud/cache';

/** Ways in which what one replica drops is dropped at all others. */
export const CACHES = {
  'ours-cache': 'nestjs-peercloud',
  'redis-cache': 'cache-manager, and the key by Redis pub/sub',
} as const;

export type CacheName = keyof typeof CACHES;

/** What a replica is started with. */
export interface CacheEnv {
  cache: CacheName;
  host: string;
  /** Port of Redis. */
  redis: number;
  /** Port of a replica that runs already. */
  seed: number | undefined;
}

/** A replica with a cache. */
export interface CacheReplica {
  /** Where it listens; undefined where nobody has to know. */
  port: number | undefined;
  /** Replicas that hear of what this one drops; undefined where it does not know. */
  others(): number | undefined;
  fill(key: string): Promise<unknown>;
  /** Drops the key at all replicas; nothing is waited for. */
  drop(key: string): void;
}

/** Where entries are kept: it notes when they go. */
export class NotingStore extends Map<string, unknown> {
  /** By key: when it was deleted. The clock is the same for all processes of a machine. */
  readonly deleted = new Map<string, number>();

  override delete(key: string): boolean {
    // Keyv writes a namespace before it.
    this.deleted.set(key.slice(key.lastIndexOf(':') + 1), clockMs());
    return super.delete(key);
  }
}

export function clockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

@Module({})
class CacheModule {}

export function openReplica(
  env: CacheEnv,
  store: NotingStore,
): Promise<CacheReplica> {
  return env.cache === 'ours-cache'
    ? openOurs(env, store)
    : openRedis(env, store);
}

async function openOurs(
  { host, seed }: CacheEnv,
  store: NotingStore,
): Promise<CacheReplica> {
  const module: DynamicModule = {
    module: CacheModule,
    imports: [
      PeerCloudModule.forRoot({
        peers: seed === undefined ? [] : [`${host}:${seed}`],
      }),
      PeerCacheModule.forRoot({ stores: store as never }),
    ],
  };
  const app = await NestFactory.create(module, { logger: false });
  await app.listen(0, host);
  const membership = app.get(MembershipService, { strict: false });
  await membership.whenJoined();
  const cache = app.get(PeerCache, { strict: false });
  return {
    port: membership.self.port,
    others: () => membership.peers().length,
    fill: (key) => cache.wrap(key, () => 'value'),
    drop: (key) => void cache.del(key),
  };
}

async function openRedis(
  { redis }: CacheEnv,
  store: NotingStore,
): Promise<CacheReplica> {
  const CHANNEL = 'drop';
  const cache = createCache({ stores: [new Keyv({ store })], ttl: 60_000 });
  const publisher = new Redis(redis);
  const subscriber = publisher.duplicate();
  subscriber.on('message', (_, key: string) => void cache.del(key));
  await subscriber.subscribe(CHANNEL);
  return {
    port: undefined,
    others: () => undefined,
    fill: (key) => cache.wrap(key, () => 'value'),
    drop: (key) => {
      void cache.del(key);
      void publisher.publish(CHANNEL, key);
    },
  };
}
