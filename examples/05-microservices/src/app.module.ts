import { Module } from '@nestjs/common';
import { PeerCloudModule } from 'nestjs-peercloud';
import {
  PeerCloudClientsModule,
  PeerCloudMicroservicesModule,
} from 'nestjs-peercloud/microservices';
import { BillingController } from './billing.controller.js';
import { OrdersController } from './orders.controller.js';
import { ShippingController } from './shipping.controller.js';
import { WorkDone } from './work-done.js';

/** What this replica is for: `billing` or `shipping`. All take orders. */
const isBilling = (process.env.SERVICE ?? 'billing') === 'billing';

@Module({
  imports: [
    PeerCloudModule.forRoot({
      // The same list for all replicas: a peer leaves out its own address.
      peers: process.env.PEERS?.split(',').filter(Boolean) ?? [
        '127.0.0.1:3001',
        '127.0.0.1:3002',
        '127.0.0.1:3003',
        '127.0.0.1:3004',
      ],
    }),
    PeerCloudMicroservicesModule,
    PeerCloudClientsModule.register([{ name: 'CLOUD', timeout: 5000 }]),
  ],
  controllers: [
    OrdersController,
    isBilling ? BillingController : ShippingController,
  ],
  providers: [WorkDone],
})
export class AppModule {}
