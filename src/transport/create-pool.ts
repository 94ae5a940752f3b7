import { Pool } from 'undici';
import { secureContextOptions, type TlsMaterials } from './tls.options.js';

/** Idle connections are closed before a Node server of default settings (5 s) does it. */
const KEEP_ALIVE_MS = 4000;
/** Longest a server's own `keep-alive: timeout` is believed. */
const KEEP_ALIVE_MAX_MS = 60_000;

export interface PoolOptions {
  /** Connections kept to one peer. */
  connectionsPerPeer: number;
  /** Bytes of an answer's headers. */
  maxHeaderBytes: number;
  /** Ms until a connection must stand; the deadline of a request is often earlier. */
  connectTimeout: number;
  /** Certificates for https, and the name that the peers' certificates have. */
  tls?: { materials: TlsMaterials; servername?: string };
}

/** Keep-alive connections to one peer; none is opened before a request needs it. */
export function createPool(origin: string, options: PoolOptions): Pool {
  const { connectionsPerPeer, connectTimeout, maxHeaderBytes, tls } = options;
  return new Pool(origin, {
    connections: connectionsPerPeer,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MAX_MS,
    maxHeaderSize: maxHeaderBytes,
    // The deadline of the whole exchange is what counts.
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
    connect: {
      timeout: connectTimeout,
      ...(tls && secureContextOptions(tls.materials)),
      ...(tls?.servername && { servername: tls.servername }),
    },
  });
}
