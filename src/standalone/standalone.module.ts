import { Inject, Injectable, type DynamicModule } from '@nestjs/common';
import type { Peer } from '../membership/index.js';
import { OnPeerMessage } from '../messaging/index.js';
import type { PeerCloudOptions } from '../options/peer-cloud.options.js';
import { PeerCloudModule } from '../peer-cloud.module.js';
import type { JsonObject, JsonValue } from '../wire/json.js';
import { runHandler } from './message-handler.js';
import type { OnMessage } from './standalone.types.js';

const ON_MESSAGE = Symbol('ON_MESSAGE');

@Injectable()
class StandaloneHandler {
  readonly #onMessage: OnMessage;

  constructor(@Inject(ON_MESSAGE) onMessage: OnMessage) {
    this.#onMessage = onMessage;
  }

  @OnPeerMessage()
  onmessage(body: JsonObject, sender: Peer): Promise<JsonValue | undefined> {
    return runHandler(this.#onMessage, sender.data, body);
  }
}

/** The root module of a standalone peer. */
export class StandaloneModule {
  /** Without a handler none is registered, so that messages are answered with `{}`. */
  static register(
    options: PeerCloudOptions,
    onMessage: OnMessage | undefined,
  ): DynamicModule {
    return {
      module: StandaloneModule,
      imports: [PeerCloudModule.forRoot(options)],
      providers: onMessage
        ? [StandaloneHandler, { provide: ON_MESSAGE, useValue: onMessage }]
        : [],
    };
  }
}
