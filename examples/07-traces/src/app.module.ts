import { Module } from '@nestjs/common';
import { PeerCloudModule } from 'nestjs-peercloud';
import { PeerCloudTelemetryModule } from 'nestjs-peercloud/opentelemetry';
import { OrdersController } from './orders.controller.js';
import { OrdersService } from './orders.service.js';
import { TracesController } from './traces.controller.js';

@Module({
  imports: [
    PeerCloudModule.forRoot({
      // The same list for all replicas: a peer leaves out its own address.
      peers: process.env.PEERS?.split(',').filter(Boolean) ?? [
        '127.0.0.1:3001',
        '127.0.0.1:3002',
        '127.0.0.1:3003',
      ],
      data: { name: process.env.NAME ?? 'replica' },
    }),
    PeerCloudTelemetryModule.forRoot(),
  ],
  controllers: [OrdersController, TracesController],
  providers: [OrdersService],
})
export class AppModule {}
