import { Module } from '@nestjs/common';
import { PeerCloudModule } from 'nestjs-peercloud';
import { GreetingsController } from './greetings.controller.js';
import { GreetingsService } from './greetings.service.js';

@Module({
  imports: [
    PeerCloudModule.forRoot({
      // The same list for both replicas: a peer leaves out its own address.
      peers: process.env.PEERS?.split(',').filter(Boolean) ?? [
        '127.0.0.1:3001',
        '127.0.0.1:3002',
      ],
      data: { name: process.env.NAME ?? `replica ${process.pid}` },
    }),
  ],
  controllers: [GreetingsController],
  providers: [GreetingsService],
})
export class AppModule {}
