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
} from '../protocol/index.js';
import type { ResolvedLimitOptions } from '../options/limits.options.js';

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
