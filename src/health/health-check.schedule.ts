import { Inject, Injectable, Logger } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob, CronTime } from 'cron';
import { stackOf } from '../errors/error-text.js';
import type { MembershipCore } from '../membership/index.js';
import type { ResolvedPeerCloudOptions } from '../options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
} from '../options/peer-cloud.tokens.js';
import { StepLog } from '../util/step-log.js';
import { checkFailed, checksEvery, checksOff } from './health.messages.js';

/** Name of the health check's job in the SchedulerRegistry. */
export const HEALTH_CHECK_JOB = 'peer-cloud.health-check';

/** Checks the members by itself, on a cron schedule, from when the peer listens until it leaves. */
@Injectable()
export class HealthCheckSchedule {
  readonly #logger = new Logger('PeerCloud');
  readonly #steps = new StepLog();
  #registry: SchedulerRegistry | undefined;
  #waiting: NodeJS.Timeout | undefined;
  #ticking = false;

  readonly #core: MembershipCore;
  readonly #options: ResolvedPeerCloudOptions;
  readonly #moduleRef: ModuleRef;

  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    @Inject(PEER_CLOUD_OPTIONS)
    options: ResolvedPeerCloudOptions,
    moduleRef: ModuleRef,
  ) {
    this.#core = core;
    this.#options = options;
    this.#moduleRef = moduleRef;
  }

  /** Where the option `healthCheck` is not false. */
  start(): void {
    const { healthCheck } = this.#options;
    if (healthCheck === false) {
      this.#steps.write(checksOff);
      return;
    }
    const jitter = new TickJitter(healthCheck.interval, Math.random);
    const job = CronJob.from({
      cronTime: healthCheck.cron,
      onTick: () => this.#schedule(jitter.next()),
      utcOffset: 0,
      unrefTimeout: true,
    });
    job.setTime(new EvenCronTime(healthCheck.cron, healthCheck.interval));
    this.#registry = this.#findRegistry();
    this.#registry.addCronJob(HEALTH_CHECK_JOB, job);
    job.start();
    this.#steps.write(checksEvery(healthCheck.interval));
  }

  /** Ends the schedule, when the peer leaves; a check under way runs to its end. */
  stop(): void {
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    if (this.#registry?.doesExist('cron', HEALTH_CHECK_JOB)) {
      this.#registry.deleteCronJob(HEALTH_CHECK_JOB);
    }
    this.#registry = undefined;
  }

  /** Checks never overlap: one that is still waiting or under way makes the next one fall out. */
  #schedule(delay: number): void {
    if (this.#waiting || this.#ticking) {
      return;
    }
    this.#waiting = setTimeout(() => {
      this.#waiting = undefined;
      void this.#tick();
    }, delay).unref();
  }

  async #tick(): Promise<void> {
    this.#ticking = true;
    try {
      await this.#core.tick();
    } catch (error) {
      this.#logger.error(checkFailed, stackOf(error));
    } finally {
      this.#ticking = false;
    }
  }

  /**
   * The registry of the app's own ScheduleModule, where it has one. Importing that module here would
   * run each of the app's own jobs twice.
   */
  #findRegistry(): SchedulerRegistry {
    try {
      return this.#moduleRef.get(SchedulerRegistry, { strict: false });
    } catch {
      return new SchedulerRegistry();
    }
  }
}

/** Ms by which a timer may fire too early, and still be the one of the next firing. */
const EARLY = 20;

/**
 * The time of a cron expression that fires evenly: the next firing is arithmetic. The library would look
 * for it in the calendar, which costs more than the check itself, and complain where the process was late.
 */
export class EvenCronTime extends CronTime {
  readonly #interval: number;
  readonly #phase: number;

  /** @param interval ms between two firings, a part of a minute */
  constructor(expression: string, interval: number) {
    super(expression, undefined, 0);
    this.#interval = interval;
    const [first = ''] = this.toJSON();
    this.#phase = (Number.parseInt(first, 10) || 0) * 1000;
  }

  /** Ms until the next firing. */
  override getTimeout(): number {
    const since = (Date.now() + EARLY - this.#phase) % this.#interval;
    return this.#interval - since + EARLY;
  }
}

/** Share of the interval over which the processes spread: what is left keeps a tick off the next one. */
const PHASE = 0.8;
/** Share of the interval by which each tick wavers. */
const WAVER = 0.1;

/**
 * How long after the cron's beat a tick comes. Cron fires on the wall clock, in all processes at the
 * same moment: a phase of its own for each process spreads the load, and a little more for each tick
 * keeps two processes from meeting again and again.
 */
export class TickJitter {
  readonly #phase: number;

  readonly #interval: number;
  readonly #random: () => number;

  constructor(interval: number, random: () => number) {
    this.#interval = interval;
    this.#random = random;
    this.#phase = random() * PHASE * interval;
  }

  /** Ms to wait, always less than the interval. */
  next(): number {
    return this.#phase + this.#random() * WAVER * this.#interval;
  }
}
