import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import type { Contender } from '../contender.js';
import { listenAtFreePort } from '../load/free-port.js';
import { nestClient, nestMicroservice } from './support/nest-microservice.js';

const contender: Contender = {
  title: 'Nest TCP transport',
  parts: [
    'request-reply',
    'broadcast',
    'light-beside-heavy',
    'open-loop',
    'growth',
  ],

  async server({ index, host }) {
    const port = await listenAtFreePort((free) =>
      nestMicroservice(index, {
        transport: Transport.TCP,
        options: { host, port: free },
      }),
    );
    return { location: { port } };
  },

  client: ({ host, peers }) =>
    nestClient(
      peers.map(({ port }) =>
        ClientProxyFactory.create({
          transport: Transport.TCP,
          options: { host, port: Number(port) },
        }),
      ),
    ),
};

export default contender;
