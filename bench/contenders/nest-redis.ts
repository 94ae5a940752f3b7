import {
  ClientProxyFactory,
  Transport,
  type RedisOptions,
} from '@nestjs/microservices';
import type { BrokerPorts, Contender } from '../contender.js';
import { nestClient, nestMicroservice } from './support/nest-microservice.js';

function options(host: string, brokers: BrokerPorts): RedisOptions {
  return {
    transport: Transport.REDIS,
    options: { host, port: brokers.redis! },
  };
}

const contender: Contender = {
  title: 'Nest Redis transport',
  parts: ['request-reply', 'broadcast'],
  notQuick: ['broadcast'],
  broker: 'redis',

  async server({ index, host, brokers }) {
    await nestMicroservice(index, options(host, brokers));
    return { location: { index } };
  },

  client: ({ host, brokers }) =>
    nestClient([ClientProxyFactory.create(options(host, brokers))]),
};

export default contender;
