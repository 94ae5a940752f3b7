import { Cache, CACHE_MANAGER } from '@nestjs/cache-manager';
import {
  ConfigurableModuleBuilder,
  Inject,
  Module,
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { makeParts, type CacheParts } from './cache-parts.js';
import { PeerCache } from './peer-cache.js';
import type { PeerCacheOptions } from './peer-cache.options.js';

/** What shapes the module itself, beside the options in both forms. */
export interface PeerCacheExtras {
  /** Makes the cache available in every module of the app. Default false. */
  isGlobal?: boolean | undefined;
}

/** What `forRootAsync()` takes: one of `useFactory`, `useClass` and `useExisting`, and the extras. */
export interface PeerCacheAsyncOptions
  extends
    ConfigurableModuleAsyncOptions<PeerCacheOptions, 'createPeerCacheOptions'>,
    PeerCacheExtras {}

const INPUT = Symbol('PEER_CACHE_INPUT');
const PARTS = Symbol('PEER_CACHE_PARTS');

const { ConfigurableModuleClass } =
  new ConfigurableModuleBuilder<PeerCacheOptions>({
    optionsInjectionToken: INPUT,
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createPeerCacheOptions')
    .setExtras<PeerCacheExtras>(
      { isGlobal: undefined },
      (definition, { isGlobal = false }) => ({
        ...definition,
        global: isGlobal,
      }),
    )
    .build();

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
      inject: [INPUT, ModuleRef],
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
  static forRoot(
    options: PeerCacheOptions & PeerCacheExtras = {},
  ): DynamicModule {
    return assemble(ConfigurableModuleClass.forRoot(options));
  }

  /** The same with options that are known only later: `useFactory`, `useClass` or `useExisting`. */
  static forRootAsync(options: PeerCacheAsyncOptions): DynamicModule {
    return assemble(ConfigurableModuleClass.forRootAsync(options));
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

function assemble(definition: DynamicModule): DynamicModule {
  return { ...definition, module: PeerCacheModule };
}
