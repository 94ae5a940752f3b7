export { NatsError } from './nats.error.js';
export type {
  NatsAuthenticator,
  NatsTransportOptions,
} from './nats.options.js';
export { natsTransport } from './nats.transport.js';
