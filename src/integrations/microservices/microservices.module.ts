import {
  Module,
  type DynamicModule,
  type InjectionToken,
} from '@nestjs/common';
import { OptionsError } from '../../index.js';
import { PatternDirectory } from './pattern-directory.js';
import { PeerCloudClient } from './peer-cloud.client.js';
import type { PeerCloudCallOptions } from './peer-cloud.record.js';
import { PeerCloudServer } from './peer-cloud.server.js';

/**
 * PeerCloudServer, for `connectMicroservice()`, and a PeerCloudClient. Beside `PeerCloudModule.forRoot()`:
 *
 * ```ts
 * imports: [PeerCloudModule.forRoot(), PeerCloudMicroservicesModule]
 * ```
 */
@Module({
  providers: [
    PatternDirectory,
    PeerCloudServer,
    {
      provide: PeerCloudClient,
      inject: [PatternDirectory],
      useFactory: (directory: PatternDirectory) =>
        new PeerCloudClient(directory),
    },
  ],
  exports: [PatternDirectory, PeerCloudServer, PeerCloudClient],
})
export class PeerCloudMicroservicesModule {}

/** A client with a name, and options for all that it sends. */
export interface PeerCloudClientOptions extends PeerCloudCallOptions {
  /** What it is injected by: `@Inject(name)`. */
  name: InjectionToken;
}

/** Clients with names of their own, as Nest's ClientsModule has them. */
@Module({})
export class PeerCloudClientsModule {
  /**
   * ```ts
   * PeerCloudClientsModule.register([{ name: 'BILLING', to: 'nearest', timeout: 2000 }])
   * ```
   *
   * @throws OptionsError for an option that cannot work
   */
  static register(
    options:
      | PeerCloudClientOptions[]
      | { clients: PeerCloudClientOptions[]; isGlobal?: boolean | undefined },
  ): DynamicModule {
    const { clients, isGlobal = false } = Array.isArray(options)
      ? { clients: options }
      : options;
    const providers = clients.map(({ name, ...defaults }, index) => {
      check(defaults, `clients[${index}]`);
      return {
        provide: name,
        inject: [PatternDirectory],
        useFactory: (directory: PatternDirectory) =>
          new PeerCloudClient(directory, defaults),
      };
    });
    return {
      module: PeerCloudClientsModule,
      global: isGlobal,
      imports: [PeerCloudMicroservicesModule],
      providers,
      exports: providers.map(({ provide }) => provide),
    };
  }
}

/** @throws OptionsError */
function check({ to, timeout }: PeerCloudCallOptions, path: string): void {
  const isTarget =
    to === undefined ||
    ['any', 'nearest', 'all'].includes(to as string) ||
    (typeof to === 'object' && ('owner' in to || 'peer' in to));
  if (!isTarget) {
    throw new OptionsError(
      `${path}.to`,
      to,
      "must be 'any', 'nearest', 'all', { owner } or { peer }",
    );
  }
  if (timeout !== undefined && !(timeout >= 1 && timeout < 2 ** 31)) {
    throw new OptionsError(`${path}.timeout`, timeout, 'must be ms, 1 or more');
  }
}
