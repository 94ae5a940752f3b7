import type { LoggerService, ModuleMetadata, Type } from '@nestjs/common';
import {
  PeerCache,
  PeerCacheModule,
  type PeerCacheOptions,
} from '../../../src/integrations/cache/index.js';
import {
  addReplica,
  startReplicas,
  type TestReplica,
} from '../../support/replicas.js';

export interface CacheReplica extends TestReplica {
  cache: PeerCache;
}

export interface CacheSetup {
  options?: PeerCacheOptions;
  controllers?: Type[];
  providers?: Type[];
  logger?: LoggerService;
}

/** Starts one, the test's only one so far. */
export async function startCache(
  setup: CacheSetup = {},
): Promise<CacheReplica> {
  const [replica] = await startCaches(1, setup);
  return replica!;
}

/** Starts several, of which each knows all. */
export async function startCaches(
  count: number,
  { options, logger, ...rest }: CacheSetup = {},
): Promise<CacheReplica[]> {
  const replicas = await startReplicas(count, {
    ...withCache(options),
    ...rest,
    ...(logger && { logger }),
  });
  return replicas.map(cacheReplica);
}

/** Starts another, which joins those of the test. */
export async function addCache(): Promise<CacheReplica> {
  return cacheReplica(await addReplica(withCache()));
}

function withCache(options?: PeerCacheOptions): ModuleMetadata {
  return { imports: [PeerCacheModule.forRoot({ ...options, isGlobal: true })] };
}

function cacheReplica(replica: TestReplica): CacheReplica {
  return { ...replica, cache: replica.get(PeerCache) };
}
