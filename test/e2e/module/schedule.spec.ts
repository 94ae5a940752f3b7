import { Injectable } from '@nestjs/common';
import {
  Cron,
  CronExpression,
  Interval,
  ScheduleModule,
  SchedulerRegistry,
  Timeout,
} from '@nestjs/schedule';
import { HEALTH_CHECK_JOB, HealthCheckService } from '../../../src/index.js';
import { until } from '../../support/until.js';
import { agree, closePeers, cutOff, startPeer } from './support/peer-app.js';

afterEach(closePeers);

@Injectable()
class Jobs {
  crons = 0;
  intervals = 0;
  timeouts = 0;

  @Cron(CronExpression.EVERY_SECOND, { name: 'own job' })
  cron(): void {
    this.crons++;
  }

  @Interval(100)
  interval(): void {
    this.intervals++;
  }

  @Timeout(10)
  timeout(): void {
    this.timeouts++;
  }
}

describe('beside a ScheduleModule of the app', () => {
  it('each job of the app runs once, and ours is in its registry', async () => {
    const { app } = await startPeer({
      imports: [ScheduleModule.forRoot()],
      providers: [Jobs],
    });
    const registry = app.get(SchedulerRegistry, { strict: false });
    expect([...registry.getCronJobs().keys()].sort()).toEqual([
      'own job',
      HEALTH_CHECK_JOB,
    ]);
    expect(registry.getIntervals()).toHaveLength(1);
    const jobs = app.get(Jobs);
    const atEachBeat: number[] = [];
    registry
      .getCronJob('own job')
      .addCallback(() => void atEachBeat.push(jobs.crons));
    const atEachInterval: number[] = [];
    const control = setInterval(() => atEachInterval.push(jobs.intervals), 100);
    await until(() => atEachBeat.length >= 2 && atEachInterval.length > 10);
    clearInterval(control);
    expect(atEachBeat[1]! - atEachBeat[0]!).toBe(1);
    expect(atEachInterval[10]! - atEachInterval[0]!).toBeLessThan(15);
    expect(jobs.timeouts).toBe(1);
  });

  it('takes its job out again', async () => {
    const peer = await startPeer({ imports: [ScheduleModule.forRoot()] });
    const registry = peer.app.get(SchedulerRegistry, { strict: false });
    const job = registry.getCronJob(HEALTH_CHECK_JOB);
    await until(() => job.isActive);
    await peer.close();
    expect(job.isActive).toBe(false);
    expect(registry.doesExist('cron', HEALTH_CHECK_JOB)).toBe(false);
  });

  it('healthCheck: false puts nothing into the registry', async () => {
    const { app } = await startPeer({
      imports: [ScheduleModule.forRoot()],
      options: { healthCheck: false },
    });
    const registry = app.get(SchedulerRegistry, { strict: false });
    expect(registry.getCronJobs().size).toBe(0);
  });
});

describe('HealthCheckService', () => {
  it('finds by itself who is gone, in an app without ScheduleModule', async () => {
    const first = await startPeer();
    const second = await startPeer({ options: { peers: [first.address] } });
    await until(() => agree([first, second]));
    const { id } = second.membership.self;
    cutOff(second);
    await until(() => !first.membership.get(id));
    expect(first.events).toContainEqual(
      expect.objectContaining({ type: 'peer.left', reason: 'dead' }),
    );
  });

  it('checks by hand, by peer, by id and the next of the round', async () => {
    const first = await startPeer({ options: { healthCheck: false } });
    const second = await startPeer({
      options: { healthCheck: false, peers: [first.address] },
    });
    await until(() => agree([first, second]));
    const health = first.app.get(HealthCheckService, { strict: false });
    const { id } = second.membership.self;
    const [peer] = first.membership.peers();
    for (const target of [peer, id, undefined]) {
      const status = await until(async () => {
        const answer = await health.check(target);
        return answer.online && answer;
      });
      expect(status).toMatchObject({ id, listening: true, joined: true });
    }
  });

  it.each([[[() => 'an indicator']], [[]], [{}], [null], [7]])(
    'refuses %j, as the service of terminus takes, and says which one to import',
    async (argument) => {
      const { app } = await startPeer({ options: { healthCheck: false } });
      const health = app.get(HealthCheckService, { strict: false });
      const checked = health.check(argument as never);
      await expect(checked).rejects.toMatchObject({ code: 'NOT_A_PEER' });
      await expect(checked).rejects.toThrow(/@nestjs\/terminus/);
    },
  );
});
