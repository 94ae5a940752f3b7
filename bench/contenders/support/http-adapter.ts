import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Certificate } from './certificate.js';

/** The HTTP platforms of Nest. */
export type AdapterName = 'express' | 'fastify';

/** A new adapter; Fastify wants its certificate here, Express in the options of `NestFactory.create()`. */
export function httpAdapter(
  name: AdapterName,
  certificate: Certificate | undefined,
): AbstractHttpAdapter {
  if (name === 'express') {
    return new ExpressAdapter();
  }
  return certificate
    ? new FastifyAdapter({ https: certificate })
    : new FastifyAdapter();
}
