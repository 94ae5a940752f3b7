import {
  ClientProxyFactory,
  Transport,
  type NatsOptions,
} from '@nestjs/microservices';
import type { BrokerPorts, Contender } from '../contender.js';
import { nestClient, nestMicroservice } from './support/nest-microservice.js';

function options(host: string, brokers: BrokerPorts): NatsOptions {
  return {
    transport: Transport.NATS,
    options: { servers: [`nats://${host}:${brokers.nats}`] },
  };
}

const contender: Contender = {
  title: 'Nest NATS transport',
  parts: ['request-reply', 'broadcast'],
  broker: 'nats',

  async server({ index, host, brokers }) {
    await nestMicroservice(index, options(host, brokers));
    return { location: { index } };
  },

  client: ({ host, brokers }) =>
    nestClient([ClientProxyFactory.create(options(host, brokers))]),
};

export default contender;
