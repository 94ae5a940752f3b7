import { Injectable } from '@nestjs/common';
import { Cron, ScheduleModule } from '@nestjs/schedule';
import { PeerCloudModule } from '../../src/index.js';
import {
  OncePerCloud,
  PeerScheduleModule,
  type PeerRun,
} from '../../src/integrations/schedule/index.js';
import { createTestCloud } from '../../src/testing/index.js';
import { until } from '../support/until.js';

const runs: number[] = [];

@Injectable()
class Reports {
  @OncePerCloud({ name: 'report' })
  @Cron('* * * * * *')
  report({ occurrence }: PeerRun) {
    runs.push(occurrence!.getTime());
  }
}

it('runs jobs once in a test cloud, and goes on where one app is killed', async () => {
  await using cloud = await createTestCloud(3, {
    imports: [
      PeerCloudModule.forRoot({ isGlobal: true }),
      ScheduleModule.forRoot(),
      PeerScheduleModule.forRoot(),
    ],
    providers: [Reports],
  });
  await until(() => runs.length >= 2);
  expect(new Set(runs).size).toBe(runs.length);
  await cloud.kill(0);
  await cloud.settled();
  const before = runs.length;
  await until(() => runs.length >= before + 2);
});
