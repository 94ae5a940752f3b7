import type { IncomingMessage, ServerResponse } from 'node:http';
import { PeerCloudError } from '../../errors/peer-cloud.error.js';
import type { ProtocolGate } from '../gate/protocol-gate.js';
import { PROTOCOL_PATHS } from '../../wire/endpoints.js';
import { routeTaken, unsupportedAdapter } from '../protocol.messages.js';

/** As much of a Nest HTTP adapter as the gate needs. */
export interface GatedAdapter {
  getType(): string;
  getInstance(): unknown;
}

/**
 * Puts the gate in front of the app's own parsers, on the Express or the Fastify adapter. To be called
 * from a module's `configure`: the adapter is known there, and no route is registered yet.
 * Throws a PeerCloudError (`UNSUPPORTED_ADAPTER`) for any other adapter.
 */
export function installGate(adapter: GatedAdapter, gate: ProtocolGate): void {
  const type = adapter.getType();
  if (type === 'express') {
    installOnExpress(adapter.getInstance() as ExpressApp, gate);
  } else if (type === 'fastify') {
    installOnFastify(adapter.getInstance() as FastifyApp, gate);
  } else {
    throw new PeerCloudError('UNSUPPORTED_ADAPTER', unsupportedAdapter(type));
  }
}

/** The pieces of Express that are used here; the package itself may not be installed. */
interface ExpressApp {
  use(handler: ExpressHandler): unknown;
  router: { stack: unknown[] };
}

type ExpressRequest = IncomingMessage & { ip?: string; body?: unknown };

type ExpressHandler = (
  request: ExpressRequest,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** Express runs its stack in order, and the body parser is on it already: the gate is moved to the front. */
function installOnExpress(app: ExpressApp, gate: ProtocolGate): void {
  app.use((request, response, next) => {
    if (!gate.concerns(request)) {
      next();
      return;
    }
    gate.inspect(request, request.ip).then((inspection) => {
      if (inspection.passed) {
        request.body = inspection.body;
        next();
      } else {
        inspection.refuse(response);
      }
    }, next);
  });
  const { stack } = app.router;
  stack.unshift(stack.pop());
}

/** The pieces of Fastify that are used here; the package itself may not be installed. */
interface FastifyApp {
  addHook(name: 'onRoute', hook: (route: FastifyRoute) => void): unknown;
  addHook(name: 'onRequest', hook: FastifyHook): unknown;
  hasRoute(route: FastifyRoute & { method: string }): boolean;
}

interface FastifyRoute {
  method: string | string[];
  url: string;
  constraints?: object;
}

interface FastifyRequest {
  raw: IncomingMessage;
  ip?: string;
  body?: unknown;
}

type FastifyHook = (
  request: FastifyRequest,
  reply: { raw: ServerResponse; hijack(): unknown },
  done: (error?: Error) => void,
) => void;

/** Fastify parses after its `onRequest` hooks. */
function installOnFastify(app: FastifyApp, gate: ProtocolGate): void {
  refuseTwinRoutes(app);
  app.addHook('onRequest', (request, reply, done) => {
    if (!gate.concerns(request.raw)) {
      done();
      return;
    }
    gate.inspect(request.raw, request.ip).then((inspection) => {
      if (inspection.passed) {
        request.body = inspection.body;
        done();
      } else {
        reply.hijack();
        inspection.refuse(reply.raw);
      }
    }, done);
  });
}

/**
 * Fastify has one route for each path, and its own error for a second one does not say what to do.
 * On Express the first route wins, and the self-check finds it.
 */
function refuseTwinRoutes(app: FastifyApp): void {
  app.addHook('onRoute', ({ method, url, constraints }) => {
    const twin = { method: 'POST', url, ...(constraints && { constraints }) };
    const isPost = [method].flat().includes(twin.method);
    if (isPost && PROTOCOL_PATHS.has(url) && app.hasRoute(twin)) {
      throw new PeerCloudError('ROUTE_TAKEN', routeTaken(url));
    }
  });
}
