import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/internal';
import {
  HandlerFinder,
  type FoundInstance,
  type FoundMethod,
} from '../../discovery/handler-finder.js';
import {
  handlerIsStatic,
  handlerIsTransient,
  handlerUsesHttpParams,
} from '../messaging.messages.js';
import { MessageRouter } from './message-router.js';
import { declaredArgs } from './handler-metadata.js';
import {
  MessageHandlerFactory,
  type MessageHandler,
} from './message-handler.factory.js';
import {
  PEER_MESSAGE_METADATA,
  PEER_MESSAGE_OPTIONS_METADATA,
  type PeerMessageOptions,
} from './message.decorators.js';

/** Finds the methods with `@OnPeerMessage()` and registers them; says which of them cannot work. */
@Injectable()
export class MessageExplorer implements OnModuleInit {
  readonly #logger = new Logger('PeerCloud');

  readonly #finder: HandlerFinder;
  readonly #factory: MessageHandlerFactory;
  readonly #router: MessageRouter;

  constructor(
    finder: HandlerFinder,
    factory: MessageHandlerFactory,
    router: MessageRouter,
  ) {
    this.#finder = finder;
    this.#factory = factory;
    this.#router = router;
  }

  /** @throws InvalidHandlerError for a pattern that is wrong or taken */
  onModuleInit(): void {
    this.#finder.explore((found) => this.#register(found));
  }

  #register({ wrapper, owner, place, methods }: FoundInstance): void {
    this.#warnAboutStatics(owner);
    for (const found of methods) {
      const patterns = patternsOf(found.method);
      if (!patterns) {
        continue;
      }
      if (wrapper.isTransient) {
        this.#logger.warn(handlerIsTransient(found.name));
        continue;
      }
      this.#warnAboutParams(found);
      const handler = this.#factory.create({ ...found, wrapper, place });
      const options = optionsOf(found.method);
      patterns.forEach((pattern, at) => {
        const key = options[at]?.key as MessageHandler['key'];
        this.#router.register(pattern, key ? { ...handler, key } : handler);
      });
    }
  }

  #warnAboutParams({ owner, methodName, method, name }: FoundMethod): void {
    const isRoute = Reflect.hasMetadata(PATH_METADATA, method);
    if (declaredArgs(owner, methodName).httpOnly && !isRoute) {
      this.#logger.warn(handlerUsesHttpParams(name));
    }
  }

  #warnAboutStatics(owner: FoundInstance['owner']): void {
    for (const [name, { value }] of Object.entries(
      Object.getOwnPropertyDescriptors(owner),
    )) {
      if (typeof value === 'function' && patternsOf(value as object)) {
        this.#logger.warn(handlerIsStatic(`${owner.name}.${name}`));
      }
    }
  }
}

function patternsOf(method: object): readonly unknown[] | undefined {
  return Reflect.getOwnMetadata(PEER_MESSAGE_METADATA, method) as
    unknown[] | undefined;
}

function optionsOf(method: object): readonly PeerMessageOptions[] {
  return (Reflect.getOwnMetadata(PEER_MESSAGE_OPTIONS_METADATA, method) ??
    []) as PeerMessageOptions[];
}
