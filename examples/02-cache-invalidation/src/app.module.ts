import { Module } from '@nestjs/common';
import { PeerCloudModule } from 'nestjs-peercloud';
import { PeerCacheModule } from 'nestjs-peercloud/cache';
import { PriceStore } from './price.store.js';
import { PricesController } from './prices.controller.js';

@Module({
  imports: [
    PeerCloudModule.forRootAsync({
      // The peers speak on a port of their own, which the public does not reach.
      mount: false,
      useFactory: () => ({
        peers: process.env.PEERS?.split(',').filter(Boolean) ?? [],
        listener: { port: Number(process.env.PEER_PORT ?? 9338) },
        data: { name: process.env.NAME ?? `replica ${process.pid}` },
      }),
    }),
    PeerCacheModule.forRoot({ ttl: 60_000 }),
  ],
  controllers: [PricesController],
  providers: [PriceStore],
})
export class AppModule {}
