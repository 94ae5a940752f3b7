import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { PeerCloudModule } from 'nestjs-peercloud';
import { PeerCloudHealthIndicator } from 'nestjs-peercloud/terminus';
import { HealthController } from './health.controller.js';
import { HelloController } from './hello.controller.js';

@Module({
  imports: [
    TerminusModule,
    PeerCloudModule.forRoot({
      isGlobal: true,
      peers: process.env.PEERS?.split(','),
      // A pod knows its address. Behind a sidecar others would see that one's.
      ip: process.env.POD_IP,
      listener: {
        port: Number(process.env.PEER_PORT ?? 9338),
        host: process.env.HOST ?? '0.0.0.0',
      },
      security: { secret: process.env.PEER_SECRET },
    }),
  ],
  controllers: [HealthController, HelloController],
  providers: [PeerCloudHealthIndicator],
})
export class AppModule {}
