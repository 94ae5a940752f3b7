import { Inject, Injectable } from '@nestjs/common';
import { EXCEPTION_FILTERS_METADATA } from '@nestjs/common/internal';
import {
  ContextIdFactory,
  ExternalContextCreator,
  ModuleRef,
  ModulesContainer,
  type ContextId,
  type NestContainer,
} from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import type { FoundMethod } from '../../discovery/handler-finder.js';
import type { Peer } from '../../membership/index.js';
import type { ResolvedPeerCloudOptions } from '../../options/peer-cloud.options.js';
import { PEER_CLOUD_OPTIONS } from '../../options/peer-cloud.tokens.js';
import type { JsonValue } from '../../wire/json.js';
import type { MessageMetadata } from '../../wire/message-head.js';
import {
  argsMetadataKey,
  declaredArgs,
  messageParams,
  readEnhancers,
  type Enhancers,
} from './handler-metadata.js';
import { PEER_CONTEXT_TYPE } from './message.decorators.js';
import { filtered } from './several-replies.js';

/** A method that takes messages, ready to be called. */
export interface MessageHandler {
  /** `Class.method`, for logs. */
  readonly name: string;
  /** Where its class is listed: `providers of AppModule`. Undefined: no class has it. */
  readonly place?: string;
  /** Runs the method; may return a promise, an observable or an async iterable, and may throw. */
  invoke(body: JsonValue, sender: Peer, metadata: MessageMetadata): unknown;
  /** The key whose owner handles the message; may throw. */
  readonly key?: ((body: JsonValue) => string | undefined) | undefined;
}

/** A method with `@OnPeerMessage()`, as the explorer found it. */
export interface HandlerSource extends FoundMethod {
  wrapper: InstanceWrapper;
  /** Where its class is listed, for texts. */
  place: string;
}

type Invoke = MessageHandler['invoke'];
type Methods = Record<string, (...args: unknown[]) => unknown>;

/** Makes a decorated method callable: directly where nothing stands before it, else through Nest's own chain. */
@Injectable()
export class MessageHandlerFactory {
  readonly #contexts: ExternalContextCreator;
  readonly #inheritsGlobals: boolean;

  readonly #appContexts: ExternalContextCreator;

  constructor(
    appContexts: ExternalContextCreator,
    modules: ModulesContainer,
    @Inject(PEER_CLOUD_OPTIONS) options: ResolvedPeerCloudOptions,
  ) {
    this.#appContexts = appContexts;
    this.#inheritsGlobals = options.messaging.inheritAppConfig;
    this.#contexts = keepingObservables(
      this.#inheritsGlobals ? appContexts : withoutGlobals(modules),
    );
  }

  create(source: HandlerSource): MessageHandler {
    const { wrapper, name, place } = source;
    const invoke = wrapper.isDependencyTreeStatic()
      ? this.#forInstance(source, wrapper.instance as Methods)
      : this.#forEachMessage(source);
    return { name, place, invoke };
  }

  #forInstance(source: HandlerSource, instance: Methods): Invoke {
    const { owner, methodName, method } = source;
    const enhancers = readEnhancers(owner, method);
    const isPlain =
      !this.#inheritsGlobals &&
      !declaredArgs(owner, methodName).any &&
      !Object.values(enhancers).includes(true);
    return isPlain
      ? (body, sender) => instance[methodName]!(body, sender)
      : this.#throughNest(source, instance, enhancers);
  }

  #throughNest(
    { owner, wrapper, methodName }: HandlerSource,
    instance: Methods,
    { filters }: Enhancers,
    contextId?: ContextId,
  ): Invoke {
    const method = instance[methodName]!;
    // Nest logs what its filters let pass; without filters the router does, with the handler's name.
    const hasFilters = filters || this.#inheritsGlobals;
    const invoke = this.#contexts.create(
      instance,
      method,
      methodName,
      argsMetadataKey(owner, methodName),
      messageParams,
      contextId,
      wrapper.id,
      { guards: true, interceptors: true, filters: hasFilters },
      PEER_CONTEXT_TYPE,
    );
    if (!hasFilters) {
      return invoke;
    }
    const filter = this.#contexts.create(
      instance,
      failingLike(method),
      methodName,
      undefined,
      undefined,
      contextId,
      wrapper.id,
      { guards: false, interceptors: false, filters: true },
      PEER_CONTEXT_TYPE,
    );
    return async (...args) =>
      filtered(await invoke(...args), (error) => filter(...args, error));
  }

  /** A request-scoped provider is made anew for each message; its REQUEST is a PeerMessageRequest. */
  #forEachMessage(source: HandlerSource): Invoke {
    const { wrapper, owner, method } = source;
    const enhancers = readEnhancers(owner, method);
    return async (body, sender, metadata) => {
      const request: PeerMessageRequest = { body, sender, metadata };
      const contextId = ContextIdFactory.getByRequest(request);
      this.#appContexts.registerRequestProvider(
        contextId.payload ?? request,
        contextId,
      );
      const instance = await moduleRefOf(wrapper).resolve<Methods>(
        wrapper.token,
        contextId,
      );
      return this.#throughNest(
        source,
        instance,
        enhancers,
        contextId,
      )(body, sender, metadata);
    };
  }
}

/** What a request-scoped handler finds under Nest's `REQUEST` token. */
export interface PeerMessageRequest {
  body: JsonValue;
  sender: Peer;
  /** `{}` where the sender gave none. */
  metadata: MessageMetadata;
}

/** A function with the filters of a method that throws its last argument. */
function failingLike(method: object): (...args: unknown[]) => never {
  const fail = (...args: unknown[]) => {
    throw args.at(-1);
  };
  const filters: unknown = Reflect.getMetadata(
    EXCEPTION_FILTERS_METADATA,
    method,
  );
  Reflect.defineMetadata(EXCEPTION_FILTERS_METADATA, filters, fail);
  return fail;
}

/** The same chain, which leaves an observable as it is: each of its values may be a reply. */
function keepingObservables(
  contexts: ExternalContextCreator,
): ExternalContextCreator {
  return Object.create(contexts, {
    transformToResult: { value: async (result: unknown) => result },
  }) as ExternalContextCreator;
}

/** Nest's chain of guards, interceptors, pipes and filters, without those of the whole app. */
function withoutGlobals(modules: ModulesContainer): ExternalContextCreator {
  const container: Pick<NestContainer, 'getModules'> = {
    getModules: () => modules,
  };
  return ExternalContextCreator.fromContainer(container as NestContainer);
}

/** The ModuleRef of the module that has the provider: its token may mean another one elsewhere. */
function moduleRefOf({ host }: HandlerSource['wrapper']): ModuleRef {
  return host!.getProviderByKey<ModuleRef>(ModuleRef).instance;
}
