import type { NodeConnectionOptions } from '@nats-io/transport-node';
import { OptionsError } from '../../index.js';

/** Proves to the server who this peer is: what `nkeyAuthenticator()`, `credsAuthenticator()` and the like of @nats-io/transport-node make. */
export type NatsAuthenticator = (nonce?: string) => unknown;

/**
 * What `natsTransport()` takes: options of `connect()` of @nats-io/transport-node, which explains them.
 * The defaults are those of NATS, except where something else is said.
 */
export interface NatsTransportOptions {
  /**
   * Addresses of servers, such as `nats://10.0.0.7:4222`; the others of their cluster are learned.
   *
   * @defaultValue `127.0.0.1:4222`
   */
  servers?: string | string[];

  /** Port on loopback, in the place of `servers`. */
  port?: number;

  user?: string;
  pass?: string;
  token?: string;

  /** For nkeys, JWT and credentials files. */
  authenticator?: NatsAuthenticator | NatsAuthenticator[];

  /** TLS to the servers: certificates, or `{}` for those of the system. */
  tls?: object | null;

  /**
   * What the server's monitoring calls this peer.
   *
   * @defaultValue `nestjs-peercloud`
   */
  name?: string;

  /**
   * Ms for the handshake with a server.
   *
   * @defaultValue 20,000 ms
   */
  timeout?: number;

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
   * Ms between two signs of life of the server.
   *
   * @defaultValue 10,000 ms
   */
  pingInterval?: number;

  /**
   * Signs of life that may be missing before another server is tried.
   *
   * @defaultValue 2
   */
  maxPingOut?: number;

  /**
   * Whether to try again after the server has refused the credentials twice.
   *
   * @defaultValue `true`
   */
  ignoreAuthErrorAbort?: boolean;

  /**
   * Whether the start waits for a server that is not there yet, instead of failing.
   *
   * @defaultValue `false`
   */
  waitOnFirstConnect?: boolean;

  /** Whether servers are tried in their order. Default false. */
  noRandomize?: boolean;

  /** Whether to stay with `servers`, and learn no others. Default false. */
  ignoreClusterUpdates?: boolean;
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
    ...(options as NodeConnectionOptions),
    // Peers do not hear themselves.
    noEcho: true,
  };
}
