import { setTimeout as pass } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import {
  OncePerCloud,
  PeerSingleton,
  type PeerRun,
} from 'nestjs-peercloud/schedule';
import { Journal } from './journal.js';

@Injectable()
export class JobsService {
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Once each second in the whole cloud, and not once a replica. */
  @OncePerCloud()
  @Cron(CronExpression.EVERY_SECOND, { name: 'report' })
  async report({ occurrence }: PeerRun) {
    await this.#journal.write({ job: 'report', occurrence });
  }

  /** All the time, on one replica: a consumer of a queue, say, that must not have a rival. */
  @PeerSingleton({ name: 'consumer' })
  async consume({ signal }: PeerRun) {
    while (!signal.aborted) {
      await this.#journal.write({ job: 'consumer' });
      await pass(100, undefined, { signal }).catch(() => undefined);
    }
  }
}
