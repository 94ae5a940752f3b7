import { Inject, Injectable, Logger } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob, CronTime } from 'cron';
import { stackOf } from '../errors/error-text.js';
import { EventLoopDelay, type MembershipCore } from '../membership/index.js';
import type { ResolvedPeerCloudOptions } from '../options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
} from '../options/peer-cloud.tokens.js';
import { StepLog } from '../util/step-log.js';

/** Texts that operators and developers meet, in one place. */

const checksOff =
  'health checks are off: crashed peers stay on the list until another peer reports them';

const checksEvery = (interval: number): string =>
  `checking a member every ${interval / 1000} s`;

export const notAPeer =
  'HealthCheckService.check() takes a Peer or its id. For health indicators, import HealthCheckService from @nestjs/terminus instead of nestjs-peercloud';

const checkFailed = 'a health check failed unexpectedly';

/** Name of the health check's job in the SchedulerRegistry. */
export const HEALTH_CHECK_JOB = 'peer-cloud.health-check';

/** Longest interval in ms at which a tick is also a look at the event loop. */
const MAX_LOOK = 1000;

/** Checks the members by itself, on a cron schedule, from when the peer listens until it leaves. */
@Injectable()
export class HealthCheckSchedule {
  readonly #logger = new Logger('PeerCloud');
  readonly #steps = new StepLog();
  #registry: SchedulerRegistry | undefined;
  #ticking = false;

  readonly #core: MembershipCore;
  readonly #options: ResolvedPeerCloudOptions;
  readonly #moduleRef: ModuleRef;
  readonly #delay: EventLoopDelay;

  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    @Inject(PEER_CLOUD_OPTIONS)
    options: ResolvedPeerCloudOptions,
    moduleRef: ModuleRef,
    delay: EventLoopDelay,
  ) {
    this.#core = core;
    this.#options = options;
    this.#moduleRef = moduleRef;
    this.#delay = delay;
  }

  /** Where the option `healthCheck` is not false. */
  start(): void {
    const { healthCheck } = this.#options;
    if (healthCheck === false) {
      this.#steps.write(checksOff);
      return;
    }
    const { cron, interval } = healthCheck;
    const job = CronJob.from({
      cronTime: cron,
      onTick: () => void this.#tick(),
      utcOffset: 0,
      unrefTimeout: true,
    });
    const time = new EvenCronTime(cron, interval, new TickJitter(interval));
    if (interval <= MAX_LOOK) {
      time.onTimeout = (ms) => this.#delay.fires(ms);
    }
    job.setTime(time);
    this.#registry = this.#findRegistry();
    this.#registry.addCronJob(HEALTH_CHECK_JOB, job);
    job.start();
    this.#steps.write(checksEvery(healthCheck.interval));
  }

  /** Ends the schedule, when the peer leaves; a check under way runs to its end. */
  stop(): void {
    if (this.#registry?.doesExist('cron', HEALTH_CHECK_JOB)) {
      this.#registry.deleteCronJob(HEALTH_CHECK_JOB);
      this.#delay.onModuleInit();
    }
    this.#registry = undefined;
  }

  /** Checks never overlap: one that is under way makes the next one fall out. */
  async #tick(): Promise<void> {
    if (this.#ticking) {
      return;
    }
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
  /** Hears of each timer that is set, with its ms. */
  onTimeout: ((ms: number) => void) | undefined;
  readonly #interval: number;
  readonly #phase: number;
  readonly #jitter: TickJitter;

  /**
   * @param interval ms between two firings, a part of a minute
   * @param jitter how long after the beat they come
   */
  constructor(expression: string, interval: number, jitter: TickJitter) {
    super(expression, undefined, 0);
    const [first = ''] = this.toJSON();
    this.#interval = interval;
    this.#jitter = jitter;
    this.#phase = (Number.parseInt(first, 10) || 0) * 1000 + jitter.phase;
  }

  /** Ms until the next firing. */
  override getTimeout(): number {
    const since = (Date.now() + EARLY - this.#phase) % this.#interval;
    const ms = Math.round(
      this.#interval - since + EARLY + this.#jitter.waver(),
    );
    this.onTimeout?.(ms);
    return ms;
  }
}

/** Share of the interval over which the processes spread. */
const PHASE = 0.8;
/** Share of the interval by which each tick wavers. */
const WAVER = 0.1;

/**
 * How long after the cron's beat a tick comes. Cron fires on the wall clock, in all processes at the
 * same moment: a phase of its own for each process spreads the load, and a little more for each tick
 * keeps two processes from meeting again and again.
 */
export class TickJitter {
  readonly phase: number;

  readonly #interval: number;
  readonly #random: () => number;

  constructor(interval: number, random: () => number = Math.random) {
    this.#interval = interval;
    this.#random = random;
    this.phase = random() * PHASE * interval;
  }

  /** Ms on top of the phase, anew for each tick. */
  waver(): number {
    return this.#random() * WAVER * this.#interval;
  }
}
