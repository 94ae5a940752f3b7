import type { ServerOptions } from 'node:https';
import {
  secureContextOptions,
  type ResolvedTls,
  type TlsMaterials,
} from './tls.options.js';

/** What a server for other peers is made with: the certificate, and with `mutual` the demand for theirs. */
export function tlsServerOptions(
  { mutual }: Pick<ResolvedTls, 'mutual'>,
  materials: TlsMaterials,
): ServerOptions {
  return {
    ...secureContextOptions(materials),
    requestCert: mutual,
    rejectUnauthorized: mutual,
  };
}
