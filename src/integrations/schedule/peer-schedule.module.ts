import {
  ConfigurableModuleBuilder,
  Module,
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
} from '@nestjs/common';
import { JobExplorer } from './job.explorer.js';
import { ScheduleLifecycle } from './schedule.lifecycle.js';
import {
  resolveScheduleOptions,
  type PeerScheduleOptions,
} from './schedule.options.js';
import { ScheduleService } from './schedule.service.js';
import {
  PEER_SCHEDULE_INPUT,
  PEER_SCHEDULE_OPTIONS,
  SCHEDULE,
} from './schedule.tokens.js';

/** What shapes the module itself, beside the options in both forms. */
export interface PeerScheduleExtras {
  /** Makes ScheduleService available in every module of the app. Default false. */
  isGlobal?: boolean | undefined;
}

/** What `forRootAsync()` takes: one of `useFactory`, `useClass` and `useExisting`, and the extras. */
export interface PeerScheduleAsyncOptions
  extends
    ConfigurableModuleAsyncOptions<
      PeerScheduleOptions,
      'createPeerScheduleOptions'
    >,
    PeerScheduleExtras {}

const { ConfigurableModuleClass } =
  new ConfigurableModuleBuilder<PeerScheduleOptions>({
    optionsInjectionToken: PEER_SCHEDULE_INPUT,
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createPeerScheduleOptions')
    .setExtras<PeerScheduleExtras>(
      { isGlobal: undefined },
      (definition, { isGlobal = false }) => ({
        ...definition,
        global: isGlobal,
      }),
    )
    .build();

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
    {
      provide: PEER_SCHEDULE_OPTIONS,
      inject: [PEER_SCHEDULE_INPUT],
      useFactory: resolveScheduleOptions,
    },
  ],
  exports: [ScheduleService],
})
export class PeerScheduleModule {
  /** @param options everything has a default; a wrong one is an OptionsError at start-up */
  static forRoot(
    options: PeerScheduleOptions & PeerScheduleExtras = {},
  ): DynamicModule {
    return assemble(ConfigurableModuleClass.forRoot(options));
  }

  /** The same with options that are known only later: `useFactory`, `useClass` or `useExisting`. */
  static forRootAsync(options: PeerScheduleAsyncOptions): DynamicModule {
    return assemble(ConfigurableModuleClass.forRootAsync(options));
  }
}

function assemble(definition: DynamicModule): DynamicModule {
  return { ...definition, module: PeerScheduleModule };
}
