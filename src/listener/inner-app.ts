import { createServer, type RequestListener, type Server } from 'node:http';
import {
  createServer as createSecureServer,
  type ServerOptions as SecureServerOptions,
} from 'node:https';
import {
  isProtocolRequest,
  refusalAnswer,
  refusals,
  refuseAndDrain,
  protocolControllers,
  protocolProviders,
  ProtocolSetup,
} from '../protocol/index.js';
import type { ResolvedLimitOptions } from '../options/limits.options.js';
import {
  Module,
  type DynamicModule,
  type INestApplication,
  type InjectionToken,
  type MiddlewareConsumer,
  type NestModule,
  type Provider,
} from '@nestjs/common';
import {
  NestFactory,
  type AbstractHttpAdapter,
  type ModuleRef,
} from '@nestjs/core';
import { PeerCloudError } from '../errors/peer-cloud.error.js';
import { PeerDirectory } from '../membership/index.js';
import { MessageRouter, StreamAcceptor } from '../messaging/index.js';
import {
  ADDRESS_POLICY,
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
  PEER_TRANSPORT,
  REQUEST_VERIFIER,
  REQUESTS_IN_WORK,
} from '../options/peer-cloud.tokens.js';
import { ObserveService } from '../observe/index.js';
import { BodyBudget } from '../security/index.js';

/** Node's own default: ms that a request may take to come in. */
const REQUEST_TIMEOUT = 300_000;

/** Longest time in ms between two looks for connections that have taken too long; Node's own 30 s would add to every timeout. */
const MAX_CHECK_INTERVAL = 5000;

/** What the own listener's server is made of. */
export interface ListenerServerOptions {
  limits: ResolvedLimitOptions;
  /** Certificates and what is asked of callers, as node:https takes them; none: plain HTTP. */
  tls?: SecureServerOptions;
}

/** Makes the server of the own listener; it listens nowhere yet. */
export function createListenerServer(
  options: ListenerServerOptions,
  protocol: RequestListener,
): Server {
  const handler = onlyProtocol(protocol);
  const { limits, tls } = options;
  const { headersTimeout } = limits;
  const common = {
    maxHeaderSize: limits.maxHeaderBytes,
    connectionsCheckingInterval: Math.min(headersTimeout, MAX_CHECK_INTERVAL),
  };
  return tls
    ? createSecureServer(
        { ...common, ...tls, handshakeTimeout: headersTimeout },
        handler,
      )
    : createServer(common, handler);
}

/**
 * Passes on what the protocol has a path for. The own listener has nothing else, and a request for
 * nothing, whose body comes slowly, would keep its connection for as long as a stream may live.
 */
function onlyProtocol(handler: RequestListener): RequestListener {
  return (incoming, outgoing) => {
    if (isProtocolRequest(incoming)) {
      handler(incoming, outgoing);
    } else {
      refuseAndDrain(incoming, outgoing, refusalAnswer(refusals.notFound()));
    }
  };
}

/**
 * Bounds what callers can hold open. To be called when the HTTP adapter is done with the server:
 * Fastify sets values of its own.
 */
export function limitServer(
  server: Server,
  { limits }: ListenerServerOptions,
): void {
  server.headersTimeout = limits.headersTimeout;
  server.requestTimeout = REQUEST_TIMEOUT;
  server.maxConnections = limits.maxConnections;
}

/** What the controllers of the protocol use of the outer app. */
const LENT: InjectionToken[] = [
  ADDRESS_POLICY,
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
  PEER_TRANSPORT,
  REQUEST_VERIFIER,
  REQUESTS_IN_WORK,
  BodyBudget,
  PeerDirectory,
  MessageRouter,
  StreamAcceptor,
  ObserveService,
];

const HOOKS: ReadonlySet<PropertyKey> = new Set([
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
]);

const adapterMissing =
  'the own listener needs an HTTP adapter of Nest: install @nestjs/platform-express or @nestjs/platform-fastify';

/** Makes the server for an adapter's request handler. */
export type ServerFactory = (handler: RequestListener) => Server;

/**
 * The app behind the own listener: the protocol, with the outer app's services, and nothing of the app
 * around it. It listens nowhere yet.
 *
 * @param outer of the outer app
 * @param kind what the outer app's adapter says of itself: `express`, `fastify`
 */
export async function createInnerApp(
  outer: ModuleRef,
  kind: string | undefined,
  createServer: ServerFactory,
): Promise<INestApplication<Server>> {
  const services = LENT.map((provide) => ({
    provide,
    useValue: withoutHooks<unknown>(outer.get(provide)),
  }));
  return NestFactory.create<INestApplication<Server>>(
    InnerModule.with(services),
    await createAdapter(kind, createServer),
    { bodyParser: false, abortOnError: false },
  );
}

@Module({})
class InnerModule implements NestModule {
  readonly #setup: ProtocolSetup;

  constructor(setup: ProtocolSetup) {
    this.#setup = setup;
  }

  /** @param services what the outer app lends */
  static with(services: Provider[]): DynamicModule {
    return {
      module: InnerModule,
      controllers: [...protocolControllers],
      providers: [...protocolProviders, ...services],
    };
  }

  configure(_consumer: MiddlewareConsumer): void {
    this.#setup.apply();
  }
}

/**
 * An adapter of the kind that the app has: its package is installed then. Workers without HTTP have
 * either one.
 *
 * @throws PeerCloudError `ADAPTER_MISSING` if neither package is installed
 */
async function createAdapter(
  kind: string | undefined,
  createServer: ServerFactory,
): Promise<AbstractHttpAdapter> {
  // Each import stands in a `try` of its own: bundlers then put up with a package that is not there.
  if (kind !== 'fastify') {
    try {
      const { ExpressAdapter } = await import('@nestjs/platform-express');
      return new (class extends ExpressAdapter {
        override initHttpServer(): void {
          this.setHttpServer(createServer(this.getInstance()));
        }
      })();
    } catch {
      // Fastify does as well.
    }
  }
  try {
    const { FastifyAdapter } = await import('@nestjs/platform-fastify');
    return new FastifyAdapter({ serverFactory: createServer });
  } catch (cause) {
    throw new PeerCloudError('ADAPTER_MISSING', adapterMissing, { cause });
  }
}

/**
 * A service as the inner app may have it: the same one, but its lifecycle belongs to the outer app, and
 * Nest calls the hooks of everything that it finds among its providers.
 */
export function withoutHooks<T>(service: T): T {
  if (typeof service !== 'object' || service === null || !hasHooks(service)) {
    return service;
  }
  return new Proxy(service, {
    get(target, key) {
      if (HOOKS.has(key)) {
        return undefined;
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function hasHooks(service: object): boolean {
  return [...HOOKS].some((hook) => hook in service);
}
