import { Module } from '@nestjs/common';
import { PeerCloudModule } from 'nestjs-peercloud';
import { ChatGateway } from './chat.gateway.js';
import { RoomsController } from './rooms.controller.js';

@Module({
  imports: [
    PeerCloudModule.forRoot({
      // The same list for all replicas: a peer leaves out its own address.
      peers: process.env.PEERS?.split(',').filter(Boolean) ?? [
        '127.0.0.1:3001',
        '127.0.0.1:3002',
        '127.0.0.1:3003',
      ],
    }),
  ],
  controllers: [RoomsController],
  providers: [ChatGateway],
})
export class AppModule {}
