import { Injectable, SetMetadata } from '@nestjs/common';
import { Cron, Interval } from '@nestjs/schedule';
import {
  OncePerCloud,
  type PeerRun,
} from '../../../src/integrations/schedule/index.js';

export const EVERY_SECOND = '* * * * * *';

/** What ran in all replicas: the occurrence, and who ran it. */
const runs: { job: string; occurrence: number; by: object }[] = [];

export function ran(job: string, by: object, run?: PeerRun): void {
  runs.push({ job, by, occurrence: run?.occurrence?.getTime() ?? 0 });
}

@Injectable()
export class Reports {
  @OncePerCloud()
  @Cron(EVERY_SECOND)
  above(run: PeerRun) {
    ran('above', this, run);
  }

  @Cron(EVERY_SECOND, { name: 'named' })
  @OncePerCloud()
  below(run: PeerRun) {
    ran('below', this, run);
  }

  @OncePerCloud({ name: 'in Tokyo' })
  @Cron(EVERY_SECOND, { timeZone: 'Asia/Tokyo' })
  @SetMetadata('theirs', 1)
  elsewhere(...args: unknown[]) {
    ran('elsewhere', this);
    return args.length;
  }

  @Interval(1_000)
  @OncePerCloud()
  again({ occurrence }: PeerRun) {
    runs.push({ job: 'again', by: this, occurrence: occurrence!.getTime() });
  }

  @Cron(EVERY_SECOND)
  everywhere() {
    ran('everywhere', this);
  }
}

export const occurrencesOf = (job: string): number[] =>
  runs.filter((run) => run.job === job).map(({ occurrence }) => occurrence);

/** Nothing has run yet, as far as the test is concerned. */
export function forgetRuns(): void {
  runs.length = 0;
}
