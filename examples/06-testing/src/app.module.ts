import { Module } from '@nestjs/common';
import { PeerCloudModule } from 'nestjs-peercloud';
import { SettingsController } from './settings.controller.js';
import { SettingsService } from './settings.service.js';

@Module({
  imports: [
    PeerCloudModule.forRoot({
      peers: process.env.PEERS?.split(',').filter(Boolean) ?? [
        '127.0.0.1:3001',
        '127.0.0.1:3002',
      ],
    }),
  ],
  controllers: [SettingsController],
  providers: [SettingsService],
})
export class AppModule {}
