import { Module, type DynamicModule } from '@nestjs/common';
import { PeerThrottlerStorage } from './peer-throttler.storage.js';
import {
  resolveThrottlerOptions,
  THROTTLER_OPTIONS,
  type PeerThrottlerOptions,
} from './throttler.options.js';

export type { PeerThrottlerOptions } from './throttler.options.js';

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
  /** @throws OptionsError */
  static forRoot(options: PeerThrottlerOptions = {}): DynamicModule {
    const useValue = resolveThrottlerOptions(options);
    return {
      module: PeerThrottlerModule,
      providers: [{ provide: THROTTLER_OPTIONS, useValue }],
    };
  }
}
