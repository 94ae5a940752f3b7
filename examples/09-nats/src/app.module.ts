import { Module } from '@nestjs/common';
import { PeerCloudModule } from 'nestjs-peercloud';
import { natsTransport } from 'nestjs-peercloud/nats';
import { PricesController } from './prices.controller.js';
import { PricesService } from './prices.service.js';

/** No seeds, and no port for the peers: both regions meet at the name of the cloud. */
@Module({
  imports: [
    PeerCloudModule.forRoot({
      cloud: 'prices',
      transport: natsTransport({ servers: process.env.NATS ?? '127.0.0.1' }),
      data: { name: process.env.NAME ?? 'a', region: process.env.REGION ?? '' },
    }),
  ],
  controllers: [PricesController],
  providers: [PricesService],
})
export class AppModule {}
