import type { IncomingMessage, ServerResponse } from 'node:http';
import { PeerCloudError } from '../../errors/peer-cloud.error.js';
import { PROTOCOL_PATHS } from '../../wire/endpoints.js';
import type { ProtocolGate } from '../gate/protocol-gate.js';
import { routeTaken, unsupportedAdapter } from '../protocol.messages.js';

/** As much of a Nest HTTP adapter as the gate needs. */
export interface GatedAdapter {
  getType(): string;
  getInstance(): unknown;
}

/**
 * Puts the gate in front of all that an app hangs around its routes, on the Express or the Fastify
 * adapter: what passes it goes to its route at once, past parsers, sessions, rate limits and the like. To
 * be called from a module's `configure`: the adapter is known there, and no route is registered yet.
 *
 * @throws PeerCloudError `UNSUPPORTED_ADAPTER` for any other adapter
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
  router: ExpressRouter;
}

interface ExpressRouter {
  /** Middlewares and routes in order; only routes have a `route`. */
  stack: { route?: object }[];
  handle: ExpressHandler;
}

type ExpressRequest = IncomingMessage & { ip?: string; body?: unknown };

type ExpressHandler = (
  request: ExpressRequest,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** Express runs its stack in order, and some of the app is on it already: the gate is moved to the front. */
function installOnExpress(app: ExpressApp, gate: ProtocolGate): void {
  const routes = routesOf(app.router);
  app.use((request, response, next) => {
    if (!gate.concerns(request)) {
      next();
      return;
    }
    gate
      .inspect(request, response, request.ip)
      .then((inspection) => {
        if (inspection.passed) {
          request.body = inspection.body;
          routes.handle(request, response, next);
        } else {
          inspection.refuse(response);
        }
      })
      .catch(next);
  });
  const { stack } = app.router;
  stack.unshift(stack.pop()!);
}

/** The same router without the app's middlewares. */
function routesOf(router: ExpressRouter): ExpressRouter {
  return Object.create(router, {
    stack: { get: () => router.stack.filter(({ route }) => route) },
  }) as ExpressRouter;
}

/** The pieces of Fastify that are used here; the package itself may not be installed. */
interface FastifyApp {
  addHook(name: 'onRoute', hook: (route: FastifyRoute) => void): unknown;
  addHook(name: 'onRequest', hook: FastifyHook): unknown;
  after(callback: () => void): unknown;
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
  routeOptions: { handler(request: FastifyRequest, reply: FastifyReply): void };
}

interface FastifyReply {
  raw: ServerResponse;
  hijack(): unknown;
}

type FastifyHook = (
  request: FastifyRequest,
  reply: FastifyReply,
  done: (error?: Error) => void,
) => void;

/** Fastify runs its `onRequest` hooks before all others, and before it parses. */
function installOnFastify(app: FastifyApp, gate: ProtocolGate): void {
  refuseTwinRoutes(app);
  app.addHook('onRequest', (request, reply, done) => {
    if (!gate.concerns(request.raw)) {
      done();
      return;
    }
    gate
      .inspect(request.raw, reply.raw, request.ip)
      .then((inspection) => {
        if (inspection.passed) {
          request.body = inspection.body;
          return request.routeOptions.handler(request, reply);
        }
        reply.hijack();
        return inspection.refuse(reply.raw);
      })
      .catch(done);
  });
  // Fastify adds a hook itself no sooner than this.
  app.after(() => moveLastHookToFront(app));
}

/**
 * Fastify runs the hooks in the order of their registration, and plugins that `main.ts` has waited for
 * come first. It has no way to ask for another place; where its own list is not found, such a plugin
 * stays in front.
 */
function moveLastHookToFront(app: object): void {
  const key = Object.getOwnPropertySymbols(app).find(
    ({ description }) => description === 'fastify.hooks',
  );
  const hooks = key && (app as Record<symbol, FastifyHooks>)[key]?.onRequest;
  if (Array.isArray(hooks)) {
    hooks.unshift(hooks.pop()!);
  }
}

interface FastifyHooks {
  onRequest?: FastifyHook[];
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
