import { Module } from '@nestjs/common';
import { PeerCloudModule } from 'nestjs-peercloud';
import { PeerPubSub } from 'nestjs-peercloud/graphql';
import { GraphqlController } from './graphql.controller.js';

@Module({
  imports: [
    PeerCloudModule.forRoot({
      isGlobal: true,
      peers: process.env.PEERS?.split(',').filter(Boolean) ?? [
        '127.0.0.1:3001',
        '127.0.0.1:3002',
      ],
    }),
  ],
  controllers: [GraphqlController],
  providers: [PeerPubSub],
})
export class AppModule {}
