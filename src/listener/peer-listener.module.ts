import {
  Module,
  type DynamicModule,
  type MiddlewareConsumer,
  type NestModule,
  type Provider,
} from '@nestjs/common';
import { protocolControllers } from '../protocol/protocol.controllers.js';
import { protocolProviders } from '../protocol/protocol.providers.js';
import { ProtocolSetup } from '../protocol/protocol-setup.js';

/** Root of the inner app behind the own listener: the protocol, and nothing of the app around it. */
@Module({})
export class PeerListenerModule implements NestModule {
  readonly #setup: ProtocolSetup;

  constructor(setup: ProtocolSetup) {
    this.#setup = setup;
  }

  /** @param services what the outer app lends */
  static with(services: Provider[]): DynamicModule {
    return {
      module: PeerListenerModule,
      controllers: [...protocolControllers],
      providers: [...protocolProviders, ...services],
    };
  }

  configure(_consumer: MiddlewareConsumer): void {
    this.#setup.apply();
  }
}
