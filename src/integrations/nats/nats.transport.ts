import type { CloudTransport } from '../../index.js';
import { NatsLink } from './nats-link.js';
import {
  connectionOptions,
  type NatsTransportOptions,
} from './nats.options.js';

/**
 * The peers of the cloud reach each other through NATS, and open no port:
 *
 * ```ts
 * PeerCloudModule.forRoot({ cloud: 'shop', transport: natsTransport({ servers: 'nats://10.0.0.7:4222' }) })
 * ```
 *
 * They find each other by the name of the cloud, without seeds.
 *
 * @throws OptionsError; the application does not start (NatsError) where no server lets it in
 */
export function natsTransport(
  options: NatsTransportOptions = {},
): CloudTransport {
  const resolved = connectionOptions(options);
  return {
    name: 'NATS',
    create: (context) => new NatsLink(resolved, context),
  };
}
