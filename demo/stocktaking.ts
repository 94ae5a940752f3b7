import { Injectable, Module } from '@nestjs/common';
import { Cron, ScheduleModule } from '@nestjs/schedule';
import { OncePerCloud, PeerScheduleModule } from 'nestjs-peercloud/schedule';

export const JOB = 'stocktaking';

/** A job of each second. Every Nest app of the demo has it, and one of them runs it. */
@Injectable()
class Stocktaking {
  @OncePerCloud({ name: JOB })
  @Cron('* * * * * *')
  takeStock(): void {}
}

@Module({
  imports: [ScheduleModule.forRoot(), PeerScheduleModule.forRoot()],
  providers: [Stocktaking],
})
export class StocktakingModule {}
