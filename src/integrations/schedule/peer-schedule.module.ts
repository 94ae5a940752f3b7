import { Module, type DynamicModule } from '@nestjs/common';
import {
  moduleOptions,
  type ModuleAsyncOptions,
  type ModuleExtras,
} from '../../index.js';
import { JobExplorer } from './job.explorer.js';
import { ScheduleLifecycle } from './schedule.lifecycle.js';
import {
  resolveScheduleOptions,
  type PeerScheduleOptions,
} from './schedule.options.js';
import { ScheduleService } from './schedule.service.js';
import { PEER_SCHEDULE_OPTIONS, SCHEDULE } from './schedule.tokens.js';

/** What `PeerScheduleModule.forRootAsync()` takes. */
export type PeerScheduleAsyncOptions = ModuleAsyncOptions<
  PeerScheduleOptions,
  'createPeerScheduleOptions'
>;

const takes = moduleOptions({
  provide: PEER_SCHEDULE_OPTIONS,
  factoryMethod: 'createPeerScheduleOptions',
  resolve: resolveScheduleOptions,
});

/**
 * Runs jobs once for the whole cloud. Beside `PeerCloudModule.forRoot()`, and `ScheduleModule.forRoot()` of
 * @nestjs/schedule where there are `@OncePerCloud()` methods:
 *
 * ```ts
 * imports: [PeerCloudModule.forRoot(), ScheduleModule.forRoot(), PeerScheduleModule.forRoot()]
 * ```
 */
@Module({
  providers: [
    JobExplorer,
    ScheduleLifecycle,
    ScheduleService,
    { provide: SCHEDULE, useExisting: ScheduleService },
  ],
  exports: [ScheduleService],
})
export class PeerScheduleModule {
  /** @param options everything has a default; a wrong one is an OptionsError at start-up */
  static forRoot(
    options: PeerScheduleOptions & ModuleExtras = {},
  ): DynamicModule {
    return takes.forRoot(PeerScheduleModule, options);
  }

  /** The same with options that are known only later: `useFactory`, `useClass` or `useExisting`. */
  static forRootAsync(options: PeerScheduleAsyncOptions): DynamicModule {
    return takes.forRootAsync(PeerScheduleModule, options);
  }
}
