import type { LoggerService, Type } from '@nestjs/common';
import {
  PeerCache,
  PeerCacheModule,
  type PeerCacheOptions,
} from '../../../src/integrations/cache/index.js';
import {
  agree,
  QUICK,
  startPeer,
  type PeerApp,
} from '../../e2e/module/support/peer-app.js';
import { until } from '../../support/until.js';

export interface CacheReplica extends PeerApp {
  id: string;
  cache: PeerCache;
  get<T>(type: Type<T>): T;
}

export interface CacheSetup {
  options?: PeerCacheOptions;
  controllers?: Type[];
  providers?: Type[];
  logger?: LoggerService;
  peers?: string[];
}

export async function startCache(setup: CacheSetup): Promise<CacheReplica> {
  const { options, peers, ...rest } = setup;
  const peer = await startPeer({
    options: { ...QUICK, peers, messageTimeout: 20_000 },
    imports: [PeerCacheModule.forRoot({ ...options, isGlobal: true })],
    ...rest,
  });
  return {
    ...peer,
    id: peer.membership.self.id,
    cache: peer.app.get(PeerCache, { strict: false }),
    get: (type) => peer.app.get(type, { strict: false }),
  };
}

/** Starts several, one after another, and waits until each knows all. */
export async function startCaches(
  count: number,
  setup: CacheSetup = {},
): Promise<CacheReplica[]> {
  const replicas: CacheReplica[] = [];
  for (let made = 0; made < count; made++) {
    const peers = replicas.map(({ address }) => address);
    replicas.push(await startCache({ peers, ...setup }));
  }
  await until(() => agree(replicas));
  return replicas;
}
