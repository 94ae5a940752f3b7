import { PeerCloudError } from '../errors/peer-cloud.error.js';
import { PROTOCOL_PATHS } from '../wire/endpoints.js';

/** The pieces of Fastify that are used here; the package itself may not be installed. */
export interface RoutingFastify {
  addHook(name: 'onRoute', hook: (route: FastifyRoute) => void): unknown;
  hasRoute(route: FastifyRoute & { method: string }): boolean;
}

interface FastifyRoute {
  method: string | string[];
  url: string;
  constraints?: object;
}

/**
 * Fastify has one route for each path, and its own error for a second one does not say what to do.
 * On Express the first route wins, and the self-check finds it.
 */
export function refuseTwinRoutes(app: RoutingFastify): void {
  app.addHook('onRoute', ({ method, url, constraints }) => {
    const twin = { method: 'POST', url, ...(constraints && { constraints }) };
    const isPost = [method].flat().includes(twin.method);
    if (isPost && PROTOCOL_PATHS.has(url) && app.hasRoute(twin)) {
      throw new PeerCloudError(
        'ROUTE_TAKEN',
        `the app has a route of its own for POST ${url}, which the protocol needs for itself: move that route, or give the protocol a port of its own with the option listener`,
      );
    }
  });
}
