import { Module, type DynamicModule } from '@nestjs/common';
import { createConsoleController } from './console.controller.js';
import {
  resolveConsoleOptions,
  type PeerCloudConsoleOptions,
} from './console.options.js';
import { CONSOLE, CONSOLE_OPTIONS, ConsoleService } from './console.service.js';

export type { PeerCloudConsoleOptions };

/**
 * A page that shows the whole cloud, and a JSON API behind it. Beside `PeerCloudModule.forRoot()`, which has
 * to be global:
 *
 * ```ts
 * imports: [
 *   PeerCloudModule.forRoot({ isGlobal: true }),
 *   PeerCloudConsoleModule.forRoot({ path: 'cloud', guards: [AdminGuard] }),
 * ]
 * ```
 */
@Module({})
export class PeerCloudConsoleModule {
  /** @throws OptionsError that names the option */
  static forRoot(options: PeerCloudConsoleOptions = {}): DynamicModule {
    const resolved = resolveConsoleOptions(options);
    return {
      module: PeerCloudConsoleModule,
      controllers: [createConsoleController(resolved)],
      providers: [
        ConsoleService,
        { provide: CONSOLE, useExisting: ConsoleService },
        { provide: CONSOLE_OPTIONS, useValue: resolved },
      ],
    };
  }
}
