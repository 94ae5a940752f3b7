import type { NodeConnectionOptions } from '@nats-io/transport-node';
import { OptionsError } from '../../index.js';

/**
 * What `natsTransport()` takes: the options of `connect()` of @nats-io/transport-node, for servers, TLS
 * and authentication (nkeys, JWT, tokens). Their defaults are those of NATS, except for these.
 */
export interface NatsTransportOptions extends NodeConnectionOptions {
  /**
   * Tries to get back to a server, -1 for no end: the peer is without a network meanwhile.
   *
   * @defaultValue -1
   */
  maxReconnectAttempts?: number;

  /**
   * Ms between two such tries.
   *
   * @defaultValue 500 ms
   */
  reconnectTimeWait?: number;

  /**
   * Ms between two signs of life of the server; after two that are missing another one is tried.
   *
   * @defaultValue 10,000 ms
   */
  pingInterval?: number;

  /**
   * Whether to try again after the server has refused the credentials twice.
   *
   * @defaultValue `true`
   */
  ignoreAuthErrorAbort?: boolean;

  /** Not to be set: peers do not hear themselves. */
  noEcho?: true;
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws OptionsError
 */
export function connectionOptions(
  options: NatsTransportOptions,
): NodeConnectionOptions {
  if (typeof options !== 'object' || options === null) {
    throw new OptionsError(
      'natsTransport()',
      options,
      "must have the options of a connection, like { servers: 'nats://10.0.0.7:4222' }",
    );
  }
  return {
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
    pingInterval: 10_000,
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    name: 'nestjs-peercloud',
    ...options,
    noEcho: true,
  };
}
