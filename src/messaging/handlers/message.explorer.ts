import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/internal';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import {
  handlerIsStatic,
  handlerIsTransient,
  handlerUsesHttpParams,
} from '../messaging.messages.js';
import { MessageRouter } from './message-router.js';
import { declaredArgs } from './handler-metadata.js';
import {
  type HandlerSource,
  MessageHandlerFactory,
} from './message-handler.factory.js';
import { PEER_MESSAGE_METADATA } from './message.decorators.js';

type Wrapper = HandlerSource['wrapper'];

/** Finds the methods with `@OnPeerMessage()` and registers them; says which of them cannot work. */
@Injectable()
export class MessageExplorer implements OnModuleInit {
  readonly #logger = new Logger('PeerCloud');

  readonly #discovery: DiscoveryService;
  readonly #scanner: MetadataScanner;
  readonly #factory: MessageHandlerFactory;
  readonly #router: MessageRouter;

  constructor(
    discovery: DiscoveryService,
    scanner: MetadataScanner,
    factory: MessageHandlerFactory,
    router: MessageRouter,
  ) {
    this.#discovery = discovery;
    this.#scanner = scanner;
    this.#factory = factory;
    this.#router = router;
  }

  /** @throws InvalidHandlerError for a pattern that is wrong or taken */
  onModuleInit(): void {
    const seen = new Set<unknown>();
    const wrappers = [
      ...this.#discovery.getProviders(),
      ...this.#discovery.getControllers(),
    ];
    for (const wrapper of wrappers) {
      if (!wrapper.isAlias && !seen.has(wrapper.instance ?? wrapper)) {
        seen.add(wrapper.instance ?? wrapper);
        this.#explore(wrapper);
      }
    }
  }

  #explore(wrapper: Wrapper): void {
    const prototype = prototypeOf(wrapper);
    if (!prototype) {
      return;
    }
    const owner = prototype.constructor;
    this.#warnAboutStatics(owner);
    for (const source of this.#sourcesOf(wrapper, prototype)) {
      if (wrapper.isTransient) {
        this.#logger.warn(handlerIsTransient(source.name));
        continue;
      }
      this.#warnAboutParams(source);
      const handler = this.#factory.create(source);
      for (const pattern of source.patterns) {
        this.#router.register(pattern, handler);
      }
    }
  }

  /** Decorated methods, each once: a second name for the same function is no second handler. */
  #sourcesOf(wrapper: Wrapper, prototype: object): HandlerSource[] {
    const owner = prototype.constructor;
    const methods = new Set<unknown>();
    return this.#scanner.getAllMethodNames(prototype).flatMap((methodName) => {
      const method = (prototype as Record<string, HandlerSource['method']>)[
        methodName
      ]!;
      const patterns = patternsOf(method);
      if (!patterns || methods.has(method)) {
        return [];
      }
      methods.add(method);
      const name = `${owner.name}.${methodName}`;
      return [{ wrapper, owner, methodName, method, name, patterns }];
    });
  }

  #warnAboutParams({ owner, methodName, method, name }: HandlerSource) {
    const isRoute = Reflect.hasMetadata(PATH_METADATA, method);
    if (declaredArgs(owner, methodName).httpOnly && !isRoute) {
      this.#logger.warn(handlerUsesHttpParams(name));
    }
  }

  #warnAboutStatics(owner: object): void {
    for (const [name, { value }] of Object.entries(
      Object.getOwnPropertyDescriptors(owner),
    )) {
      if (typeof value === 'function' && patternsOf(value as object)) {
        const handler = `${(owner as { name: string }).name}.${name}`;
        this.#logger.warn(handlerIsStatic(handler));
      }
    }
  }
}

function patternsOf(method: object): readonly unknown[] | undefined {
  return Reflect.getOwnMetadata(PEER_MESSAGE_METADATA, method) as
    unknown[] | undefined;
}

/** The prototype with the methods of what a wrapper holds; none for plain values. */
function prototypeOf(wrapper: Wrapper): object | undefined {
  const instance: unknown = wrapper.instance;
  const prototype =
    typeof instance === 'object' && instance !== null
      ? (Object.getPrototypeOf(instance) as object | null)
      : undefined;
  return prototype && prototype !== Object.prototype ? prototype : undefined;
}
