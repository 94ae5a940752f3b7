import { Module, type DynamicModule } from '@nestjs/common';
import {
  moduleOptions,
  type ModuleAsyncOptions,
  type ModuleExtras,
} from '../../index.js';
import { PeerThrottlerStorage } from './peer-throttler.storage.js';
import {
  resolveThrottlerOptions,
  THROTTLER_OPTIONS,
  type PeerThrottlerOptions,
} from './throttler.options.js';

export type { PeerThrottlerOptions } from './throttler.options.js';

/** What `PeerThrottlerModule.forRootAsync()` takes. */
export type PeerThrottlerAsyncOptions = ModuleAsyncOptions<
  PeerThrottlerOptions,
  'createPeerThrottlerOptions'
>;

const takes = moduleOptions({
  provide: THROTTLER_OPTIONS,
  factoryMethod: 'createPeerThrottlerOptions',
  resolve: resolveThrottlerOptions,
});

/**
 * Provides PeerThrottlerStorage for `ThrottlerModule` of @nestjs/throttler:
 *
 * ```ts
 * ThrottlerModule.forRootAsync({
 *   imports: [PeerThrottlerModule.forRoot()],
 *   inject: [PeerThrottlerStorage],
 *   useFactory: (storage: PeerThrottlerStorage) => ({ throttlers: [{ ttl: 60_000, limit: 100 }], storage }),
 * })
 * ```
 */
@Module({ providers: [PeerThrottlerStorage], exports: [PeerThrottlerStorage] })
export class PeerThrottlerModule {
  /** @param options everything has a default; a wrong one is an OptionsError at start-up */
  static forRoot(
    options: PeerThrottlerOptions & ModuleExtras = {},
  ): DynamicModule {
    return takes.forRoot(PeerThrottlerModule, options);
  }

  /** The same with options that are known only later: `useFactory`, `useClass` or `useExisting`. */
  static forRootAsync(options: PeerThrottlerAsyncOptions): DynamicModule {
    return takes.forRootAsync(PeerThrottlerModule, options);
  }
}
