import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { PeerCloudModule } from 'nestjs-peercloud';
import { PeerScheduleModule } from 'nestjs-peercloud/schedule';
import { Journal } from './journal.js';
import { JobsController } from './jobs.controller.js';
import { JobsService } from './jobs.service.js';

@Module({
  imports: [
    ScheduleModule.forRoot(),
    PeerCloudModule.forRoot({
      // The same list for all replicas: a peer leaves out its own address.
      peers: process.env.PEERS?.split(',').filter(Boolean) ?? [
        '127.0.0.1:3001',
        '127.0.0.1:3002',
        '127.0.0.1:3003',
      ],
      data: { name: process.env.NAME ?? `replica ${process.pid}` },
    }),
    PeerScheduleModule.forRoot(),
  ],
  controllers: [JobsController],
  providers: [JobsService, Journal],
})
export class AppModule {}
