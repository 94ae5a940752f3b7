import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { handlerCannotHear } from './membership.messages.js';
import { peerEventsOf } from './on-peer-event.decorator.js';
import { PeerEventDispatcher } from './peer-event.dispatcher.js';

type Handler = (event: unknown) => unknown;

/** Finds the methods with `@OnPeerEvent()` and hands them to the dispatcher. */
@Injectable()
export class PeerEventExplorer implements OnModuleInit {
  readonly #logger = new Logger('PeerCloud');

  readonly #discovery: DiscoveryService;
  readonly #scanner: MetadataScanner;
  readonly #dispatcher: PeerEventDispatcher;

  constructor(
    discovery: DiscoveryService,
    scanner: MetadataScanner,
    dispatcher: PeerEventDispatcher,
  ) {
    this.#discovery = discovery;
    this.#scanner = scanner;
    this.#dispatcher = dispatcher;
  }

  onModuleInit(): void {
    const seen = new Set<unknown>();
    const wrappers = [
      ...this.#discovery.getProviders(),
      ...this.#discovery.getControllers(),
    ];
    for (const wrapper of wrappers) {
      const prototype = prototypeOf(wrapper);
      if (!prototype || wrapper.isAlias) {
        continue;
      }
      if (!wrapper.isDependencyTreeStatic() || wrapper.isTransient) {
        this.#warnAbout(prototype);
      } else if (!seen.has(wrapper.instance)) {
        seen.add(wrapper.instance);
        this.#register(wrapper.instance as object, prototype);
      }
    }
  }

  #register(instance: object, prototype: object): void {
    for (const { name, method, handler } of this.#handlersOf(prototype)) {
      for (const event of peerEventsOf(method)) {
        this.#dispatcher.add(event, handler, (payload) =>
          (instance as Record<string, Handler>)[name]!(payload),
        );
      }
    }
  }

  #warnAbout(prototype: object): void {
    for (const { handler } of this.#handlersOf(prototype)) {
      this.#logger.warn(handlerCannotHear(handler));
    }
  }

  /** Decorated methods, each once: a second name for the same function is no second handler. */
  #handlersOf(
    prototype: object,
  ): { name: string; method: object; handler: string }[] {
    const methods = new Set<object>();
    return this.#scanner.getAllMethodNames(prototype).flatMap((name) => {
      const method = (prototype as Record<string, object>)[name]!;
      if (methods.has(method) || peerEventsOf(method).length === 0) {
        return [];
      }
      methods.add(method);
      return [
        { name, method, handler: `${prototype.constructor.name}.${name}` },
      ];
    });
  }
}

/** The prototype with the methods of what a wrapper holds; none for plain values. */
function prototypeOf(wrapper: InstanceWrapper): object | undefined {
  const instance: unknown = wrapper.instance;
  if (typeof instance === 'object' && instance !== null) {
    return Object.getPrototypeOf(instance) as object | undefined;
  }
  const type = wrapper.metatype as { prototype?: object } | null;
  return wrapper.isDependencyTreeStatic() ? undefined : type?.prototype;
}
