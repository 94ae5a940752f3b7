import { Module } from '@nestjs/common';
import { PeerCloudModule } from 'nestjs-peercloud';
import { PeerCloudConsoleModule } from 'nestjs-peercloud/console';
import { AdminGuard } from './admin.guard.js';
import { HelloController } from './hello.controller.js';

@Module({
  imports: [
    PeerCloudModule.forRoot({
      isGlobal: true,
      peers: process.env.PEERS?.split(',').filter(Boolean) ?? [
        '127.0.0.1:3001',
        '127.0.0.1:3002',
      ],
      // The console calls a member by this name.
      data: { name: process.env.NAME ?? `replica ${process.pid}` },
    }),
    PeerCloudConsoleModule.forRoot({ path: 'cloud', guards: [AdminGuard] }),
  ],
  controllers: [HelloController],
})
export class AppModule {}
