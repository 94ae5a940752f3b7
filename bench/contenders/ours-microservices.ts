import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MembershipService, PeerCloudModule } from 'nestjs-peercloud';
import {
  PeerCloudClient,
  PeerCloudMicroservicesModule,
  PeerCloudServer,
} from 'nestjs-peercloud/microservices';
import type { Contender, PeerLocation } from '../contender.js';
import {
  echoModule,
  nestClient,
  patternOf,
} from './support/nest-microservice.js';

class PeerModule {}

async function startApp(
  host: string,
  seeds: readonly PeerLocation[],
  index?: number,
): Promise<INestApplication> {
  const peers = seeds.slice(0, 1).map(({ port }) => `${host}:${port}`);
  const app = await NestFactory.create(
    {
      module: PeerModule,
      imports: [
        PeerCloudModule.forRoot({ peers }),
        PeerCloudMicroservicesModule,
        ...(index === undefined ? [] : [echoModule(patternOf(index))]),
      ],
    },
    { logger: false },
  );
  if (index !== undefined) {
    app.connectMicroservice({ strategy: app.get(PeerCloudServer) });
    await app.startAllMicroservices();
  }
  await app.listen(0, host);
  await app.get(MembershipService).whenJoined();
  return app;
}

const contender: Contender = {
  title: 'ours, PeerCloudClient',
  parts: ['request-reply'],

  async server({ index, host, seeds }) {
    const app = await startApp(host, seeds, index);
    const { port } = app.get(MembershipService).self;
    return { location: { port } };
  },

  async client({ host, peers }) {
    const app = await startApp(host, peers);
    await app.get(MembershipService).whenMembers(peers.length + 1);
    return nestClient([app.get(PeerCloudClient)]);
  },
};

export default contender;
