import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  DiscoveryService,
  LazyModuleLoader,
  MetadataScanner,
} from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { messageOf } from '../errors/error-text.js';

/** A method of something that Nest has made. */
export interface FoundMethod {
  /** The class that has the method. */
  owner: object & { name: string };
  methodName: string;
  method: (...args: unknown[]) => unknown;
  /** `Class.method`, for logs. */
  name: string;
}

/** One provider or controller with methods. */
export interface FoundInstance {
  wrapper: InstanceWrapper;
  owner: object & { name: string };
  /** `providers of AppModule`, for texts. */
  place: string;
  isController: boolean;
  /** Each function once: a second name for the same one is no second method. */
  methods: readonly FoundMethod[];
}

/** Somebody that looks for decorated methods, and what it has been shown. */
interface Visitor {
  visit: (found: FoundInstance) => void;
  seen: Set<unknown>;
}

/**
 * Shows every provider and controller of the app to those that look for decorated methods: the ones of
 * the start, and those of each module that is loaded later.
 */
@Injectable()
export class HandlerFinder {
  readonly #logger = new Logger('PeerCloud');
  readonly #visitors: Visitor[] = [];

  readonly #discovery: DiscoveryService;
  readonly #scanner: MetadataScanner;

  /** @internal */
  constructor(
    discovery: DiscoveryService,
    scanner: MetadataScanner,
    @Inject(LazyModuleLoader) lazyModules: LazyModuleLoader,
  ) {
    this.#discovery = discovery;
    this.#scanner = scanner;
    this.#watch(lazyModules);
  }

  /** Calls back for each, once, at once and whenever there are new ones. Nothing that a provider does ends it. */
  explore(visit: (found: FoundInstance) => void): void {
    const visitor = { visit, seen: new Set() };
    this.#visitors.push(visitor);
    this.#show(visitor);
  }

  /** Nest says nothing when a module is loaded lazily, and calls none of its hooks. */
  #watch(lazyModules: LazyModuleLoader): void {
    const load = lazyModules.load.bind(lazyModules);
    lazyModules.load = async (...args: Parameters<typeof load>) => {
      const moduleRef = await load(...args);
      this.#visitors.forEach((visitor) => this.#show(visitor));
      return moduleRef;
    };
  }

  #show({ visit, seen }: Visitor): void {
    const controllers = new Set(this.#discovery.getControllers());
    for (const wrapper of [...this.#discovery.getProviders(), ...controllers]) {
      const key: unknown = wrapper.instance ?? wrapper;
      if (!wrapper.isAlias && !seen.has(key)) {
        seen.add(key);
        const found = this.#lookInto(wrapper, controllers.has(wrapper));
        if (found) {
          visit(found);
        }
      }
    }
  }

  /** An instance may be anything, a proxy that throws at every touch included. */
  #lookInto(
    wrapper: InstanceWrapper,
    isController: boolean,
  ): FoundInstance | undefined {
    try {
      const prototype = prototypeOf(wrapper);
      const owner = prototype?.constructor as
        FoundInstance['owner'] | undefined;
      if (!prototype || typeof owner !== 'function') {
        return undefined;
      }
      const list = isController ? 'controllers' : 'providers';
      const place = `${list} of ${wrapper.host?.name ?? 'a module'}`;
      const methods = this.#methodsOf(prototype, owner);
      return { wrapper, owner, place, isController, methods };
    } catch (error) {
      this.#logger.warn(cannotLookInto(wrapper.name, messageOf(error)));
      return undefined;
    }
  }

  #methodsOf(prototype: object, owner: FoundInstance['owner']): FoundMethod[] {
    const seen = new Set<unknown>();
    return this.#scanner.getAllMethodNames(prototype).flatMap((methodName) => {
      const method = (prototype as Record<string, FoundMethod['method']>)[
        methodName
      ]!;
      if (seen.has(method)) {
        return [];
      }
      seen.add(method);
      const name = `${owner.name}.${methodName}`;
      return [{ owner, methodName, method, name }];
    });
  }
}

const cannotLookInto = (provider: unknown, reason: string): string =>
  `provider ${String(provider)} cannot be searched for handlers: ${reason}`;

/** The prototype with the methods of what a wrapper holds; none for plain values and for factories. */
function prototypeOf(wrapper: InstanceWrapper): object | undefined {
  const instance: unknown = wrapper.instance;
  const prototype =
    typeof instance === 'object' && instance !== null
      ? (Object.getPrototypeOf(instance) as object | null)
      : undefined;
  return prototype && prototype !== Object.prototype ? prototype : undefined;
}
