import { Cache, CACHE_MANAGER } from '@nestjs/cache-manager';
import {
  Inject,
  Module,
  type DynamicModule,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import {
  moduleOptions,
  type ModuleAsyncOptions,
  type ModuleExtras,
} from '../../index.js';
import { makeParts, type CacheParts } from './cache-parts.js';
import { PeerCache } from './peer-cache.js';
import {
  PEER_CACHE_OPTIONS,
  resolveCacheOptions,
  type PeerCacheOptions,
} from './peer-cache.options.js';

/** What `PeerCacheModule.forRootAsync()` takes. */
export type PeerCacheAsyncOptions = ModuleAsyncOptions<
  PeerCacheOptions,
  'createPeerCacheOptions'
>;

const PARTS = Symbol('PEER_CACHE_PARTS');

const takes = moduleOptions({
  provide: PEER_CACHE_OPTIONS,
  factoryMethod: 'createPeerCacheOptions',
  resolve: resolveCacheOptions,
});

/**
 * A cache whose entries are dropped at all replicas when one of them changes: in place of `CacheModule` of
 * @nestjs/cache-manager, beside `PeerCloudModule.forRoot()`:
 *
 * ```ts
 * imports: [PeerCloudModule.forRoot(), PeerCacheModule.forRoot({ ttl: 60_000 })]
 * ```
 *
 * It provides PeerCache, also as `CACHE_MANAGER` and as `Cache` of @nestjs/cache-manager.
 */
@Module({
  providers: [
    {
      provide: PARTS,
      inject: [PEER_CACHE_OPTIONS, ModuleRef],
      useFactory: makeParts,
    },
    {
      provide: PeerCache,
      inject: [PARTS],
      useFactory: ({ cache }: CacheParts) => cache,
    },
    { provide: CACHE_MANAGER, useExisting: PeerCache },
    { provide: Cache, useExisting: PeerCache },
  ],
  exports: [PeerCache, CACHE_MANAGER, Cache],
})
export class PeerCacheModule implements OnModuleInit, OnModuleDestroy {
  readonly #parts: CacheParts;

  /** @internal */
  constructor(@Inject(PARTS) parts: CacheParts) {
    this.#parts = parts;
  }

  /** @param options everything has a default; a wrong one is an OptionsError at start-up */
  static forRoot(options: PeerCacheOptions & ModuleExtras = {}): DynamicModule {
    return takes.forRoot(PeerCacheModule, options);
  }

  /** The same with options that are known only later: `useFactory`, `useClass` or `useExisting`. */
  static forRootAsync(options: PeerCacheAsyncOptions): DynamicModule {
    return takes.forRootAsync(PeerCacheModule, options);
  }

  /** @throws PeerCacheError (`NO_PEER_CLOUD`) */
  onModuleInit(): void {
    this.#parts.link.start();
  }

  /** Before the peer leaves: the others hear what this replica has dropped last. */
  async onModuleDestroy(): Promise<void> {
    await this.#parts.link.end();
    await this.#parts.cache.disconnect();
  }
}
