import {
  Inject,
  Module,
  Optional,
  type DynamicModule,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import { DiscoveryModule, ModulesContainer } from '@nestjs/core';
import { HealthCheckService } from './health/health-check.service.js';
import { KeysService } from './keys/index.js';
import { MembershipService } from './membership/index.js';
import { MessagingService } from './messaging/index.js';
import type { PeerCloudOptions } from './options/peer-cloud.options.js';
import {
  PEER_CLOUD_OPTIONS,
  PEER_HTTP_SERVICE,
} from './options/peer-cloud.tokens.js';
import { resolvePeerCloudOptions } from './options/resolve-options.js';
import { PeerCloudError } from './errors/peer-cloud.error.js';
import { importedBare, importedTwice } from './peer-cloud.messages.js';
import {
  ConfigurableModuleClass,
  checkMount,
  PEER_CLOUD_INPUT,
  PEER_CLOUD_MOUNT,
  type PeerCloudAsyncOptions,
  type PeerCloudExtras,
} from './peer-cloud.module-definition.js';
import { peerCloudProviders } from './peer-cloud.providers.js';
import { decoratedControllers, ProtocolSetup } from './protocol/index.js';
import { PeerSecurity } from './security/index.js';

/**
 * Makes an app a peer of a cloud. Import it once, in the root module:
 *
 * ```ts
 * imports: [PeerCloudModule.forRoot({ peers: ['10.0.0.7:9338'], listener: { port: 9338 } })]
 * ```
 */
@Module({})
export class PeerCloudModule implements NestModule {
  readonly #setup: ProtocolSetup | undefined;
  readonly #mount: boolean | undefined;

  /** @internal */
  constructor(
    modules: ModulesContainer,
    @Optional() setup?: ProtocolSetup,
    @Optional() @Inject(PEER_CLOUD_MOUNT) mount?: boolean,
  ) {
    this.#setup = setup;
    this.#mount = mount;
    const imports = [...modules.values()].filter(
      ({ metatype }) => metatype === PeerCloudModule,
    );
    if (imports.length > 1) {
      throw new PeerCloudError('IMPORTED_TWICE', importedTwice);
    }
    if (!setup) {
      throw new PeerCloudError('IMPORTED_BARE', importedBare);
    }
  }

  /**
   * @param options - everything has a default; a wrong one is an OptionsError at start-up
   */
  static forRoot(
    options: PeerCloudOptions & PeerCloudExtras = {},
  ): DynamicModule {
    return assemble(ConfigurableModuleClass.forRoot(options), {
      ...options,
      mount:
        options.mount ??
        (options.listener === undefined && options.transport === undefined),
    });
  }

  /** The same with options that are known only later: `useFactory`, `useClass` or `useExisting`. */
  static forRootAsync(options: PeerCloudAsyncOptions): DynamicModule {
    return assemble(ConfigurableModuleClass.forRootAsync(options), {
      ...options,
      mount: options.mount ?? true,
    });
  }

  /** Nest calls it. */
  configure(_consumer: MiddlewareConsumer): void {
    if (this.#mount) {
      this.#setup?.apply();
    }
  }
}

function assemble(
  definition: DynamicModule,
  { isGlobal = false, decorators, mount }: PeerCloudExtras,
): DynamicModule {
  return {
    ...definition,
    module: PeerCloudModule,
    global: isGlobal,
    imports: [...(definition.imports ?? []), DiscoveryModule],
    controllers: mount ? decoratedControllers(decorators) : [],
    providers: [
      ...(definition.providers ?? []),
      { provide: PEER_CLOUD_MOUNT, useValue: mount },
      {
        provide: PEER_CLOUD_OPTIONS,
        inject: [PEER_CLOUD_INPUT],
        useFactory: (input: PeerCloudOptions) => {
          const options = resolvePeerCloudOptions(input);
          checkMount(options, mount);
          return options;
        },
      },
      ...peerCloudProviders,
    ],
    exports: [
      MembershipService,
      MessagingService,
      KeysService,
      HealthCheckService,
      PEER_CLOUD_OPTIONS,
      PEER_HTTP_SERVICE,
      PeerSecurity,
    ],
  };
}
