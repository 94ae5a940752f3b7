import type { RequestListener, Server } from 'node:http';
import type { AbstractHttpAdapter } from '@nestjs/core';

/** Makes the server for an adapter's request handler. */
export type ServerFactory = (handler: RequestListener) => Server;

/**
 * An HTTP adapter for the own listener, of the kind that the app has: its package is installed then.
 * Express for everything else, workers without HTTP among them.
 *
 * @param kind what the app's adapter says of itself: `express`, `fastify`
 */
export async function createListenerAdapter(
  kind: string | undefined,
  createServer: ServerFactory,
): Promise<AbstractHttpAdapter> {
  if (kind === 'fastify') {
    const { FastifyAdapter } = await import('@nestjs/platform-fastify');
    return new FastifyAdapter({ serverFactory: createServer });
  }
  const { ExpressAdapter } = await import('@nestjs/platform-express');
  return new (class extends ExpressAdapter {
    override initHttpServer(): void {
      this.setHttpServer(createServer(this.getInstance()));
    }
  })();
}
