import { Injectable } from '@nestjs/common';
import { Cron, SchedulerRegistry } from '@nestjs/schedule';
import { CronTime } from 'cron';
import {
  OncePerCloud,
  type PeerRun,
} from '../../../src/integrations/schedule/index.js';
import { closeReplicas } from '../../support/replicas.js';
import { until } from '../../support/until.js';
import { addReplica, startReplica, startReplicas } from './replica.js';
import { forgetRuns, occurrencesOf, ran, Reports } from './reports.js';

beforeEach(forgetRuns);
afterEach(closeReplicas);

describe('@OncePerCloud()', () => {
  it('follows the registry: a job that is stopped, started and set anew', async () => {
    const replica = await startReplica({ providers: [Reports] });
    const registry = replica.get(SchedulerRegistry);
    const job = registry.getCronJob('named');
    await until(() => occurrencesOf('below').length >= 1);
    void job.stop();
    forgetRuns();
    await until(() => occurrencesOf('above').length >= 2);
    expect(occurrencesOf('below')).toEqual([]);
    job.setTime(new CronTime('*/2 * * * * *'));
    job.start();
    await until(() => occurrencesOf('below').length >= 1);
    expect(occurrencesOf('below').every((time) => time % 2_000 === 0)).toBe(
      true,
    );
  });

  it('runs a job of a date once', async () => {
    const date = new Date(Date.now() + 2_500);
    @Injectable()
    class Dated {
      @OncePerCloud()
      @Cron(date)
      run(run: PeerRun) {
        ran('dated', this, run);
      }
    }
    const replicas = await startReplicas(2, { providers: [Dated] });
    const ended = () =>
      replicas.some(({ jobEvents }) =>
        jobEvents.some(({ type }) => type === 'job.finished'),
      );
    await until(ended);
    await until(() => Date.now() > date.getTime() + 1_200);
    expect(occurrencesOf('dated')).toEqual([
      Math.floor(date.getTime() / 1_000) * 1_000,
    ]);
  });

  it('loses nothing and runs nothing twice while all replicas are restarted', async () => {
    let replicas = await startReplicas(3, { providers: [Reports] });
    forgetRuns();
    for (let restart = 0; restart < 3; restart++) {
      const [oldest, ...others] = replicas;
      await oldest!.close();
      replicas = [...others, await addReplica()];
    }
    await until(() => occurrencesOf('above').length >= 5);
    for (const job of ['above', 'below']) {
      // One that is handed over may come after the next.
      const occurrences = occurrencesOf(job).toSorted((a, b) => a - b);
      expect(occurrences).toEqual(
        occurrences.map((_, at) => occurrences[0]! + at * 1_000),
      );
    }
  });
});
