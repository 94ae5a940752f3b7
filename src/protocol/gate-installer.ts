import type { IncomingMessage, ServerResponse } from 'node:http';
import { PeerCloudError } from '../errors/peer-cloud.error.js';
import type { ProtocolGate } from './protocol-gate.js';
import { refuseTwinRoutes, type RoutingFastify } from './twin-routes.js';

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
    throw new PeerCloudError(
      'UNSUPPORTED_ADAPTER',
      `the protocol cannot be mounted on the HTTP adapter "${type}": use Express or Fastify, or give the peer its own port with the option listener`,
    );
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
interface FastifyApp extends RoutingFastify {
  addHook(name: 'onRoute', hook: (route: never) => void): unknown;
  addHook(name: 'onRequest', hook: FastifyHook): unknown;
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
