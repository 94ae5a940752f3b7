export { NatsError } from './nats.error.js';
export type { NatsTransportOptions } from './nats.options.js';
export { natsTransport } from './nats.transport.js';
