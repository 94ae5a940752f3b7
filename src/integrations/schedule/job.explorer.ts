import { Inject, Injectable, type InjectionToken } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { SchedulerRegistry, type CronOptions } from '@nestjs/schedule';
import { CronTime } from 'cron';
import {
  HandlerFinder,
  type FoundInstance,
  type FoundMethod,
} from '../../index.js';
import type { CloudFence } from '../fences/index.js';
import type { Job, PeerRun } from './core/job-runner.js';
import {
  onceMetadataOf,
  singletonOptionsOf,
  type OnceMetadata,
  type PeerJobOptions,
} from './job.decorators.js';
import {
  cronOccurrences,
  intervalOccurrences,
  type OccurrenceTimes,
} from './occurrence-times.js';
import { ScheduleError } from './schedule.error.js';
import {
  intervalTooShort,
  nameTaken,
  noFence,
  noPeerCloud,
  noScheduleModule,
  notScheduled,
  notStatic,
  singletonScheduled,
  timeoutOnce,
} from './schedule.messages.js';
import {
  isFence,
  readJobOptions,
  type ResolvedPeerScheduleOptions,
} from './schedule.options.js';
import { PEER_SCHEDULE_OPTIONS } from './schedule.tokens.js';

/** A job that runs once for each occurrence, as it was found. */
export interface FoundOnceJob {
  job: Job;
  instance: object;
  /** The method's name. */
  key: string;
  metadata: OnceMetadata;
  occurrences: OccurrenceTimes;
  /** Its cron job does not start by itself. */
  isDisabled: boolean;
}

/** The jobs of an app. */
export interface FoundJobs {
  once: FoundOnceJob[];
  singletons: Job[];
}

/** As @nestjs/schedule writes at methods. */
const SCHEDULER_TYPE = 'SCHEDULER_TYPE';
const SCHEDULER_NAME = 'SCHEDULER_NAME';
const SCHEDULE_CRON_OPTIONS = 'SCHEDULE_CRON_OPTIONS';
const SCHEDULE_INTERVAL_OPTIONS = 'SCHEDULE_INTERVAL_OPTIONS';
const CRON = 1;
const TIMEOUT = 2;

/** Ms. */
const LEAST_INTERVAL = 1_000;

type CronMetadata = CronOptions & { cronTime: string | Date };

/** Finds the methods with `@OncePerCloud()` and `@PeerSingleton()`, and says what is wrong with them. */
@Injectable()
export class JobExplorer {
  readonly #moduleRef: ModuleRef;
  readonly #options: ResolvedPeerScheduleOptions;

  constructor(
    moduleRef: ModuleRef,
    @Inject(PEER_SCHEDULE_OPTIONS) options: ResolvedPeerScheduleOptions,
  ) {
    this.#moduleRef = moduleRef;
    this.#options = options;
  }

  /**
   * @returns the jobs that are there at the start: like @nestjs/schedule, it looks into no module that is
   *   loaded later
   * @throws ScheduleError, OptionsError for a job that cannot work
   */
  explore(): FoundJobs {
    const found: FoundJobs = { once: [], singletons: [] };
    const instances: FoundInstance[] = [];
    const finder = this.#provided(HandlerFinder);
    if (!finder) {
      throw new ScheduleError('NO_PEER_CLOUD', noPeerCloud);
    }
    finder.explore((each) => instances.push(each));
    const names = new Set<string>();
    for (const { wrapper, methods } of instances) {
      for (const method of methods) {
        const name = this.#read(wrapper, method, found);
        if (name !== undefined && names.has(name)) {
          const text = nameTaken(name, method.name);
          throw new ScheduleError('JOB_NAME_TAKEN', text);
        }
        names.add(name ?? '');
      }
    }
    return found;
  }

  /** The name of the job that a method is, if it is one. */
  #read(
    wrapper: FoundInstance['wrapper'],
    { name, methodName, method }: FoundMethod,
    found: FoundJobs,
  ): string | undefined {
    const metadata = onceMetadataOf(method);
    const singleton = singletonOptionsOf(method);
    if (!metadata && !singleton) {
      return undefined;
    }
    if (!wrapper.isDependencyTreeStatic() || wrapper.isTransient) {
      throw new ScheduleError('INVALID_JOB', notStatic(name));
    }
    const instance = wrapper.instance as object;
    if (metadata && !singleton) {
      const once = this.#once(name, instance, methodName, method, metadata);
      found.once.push(once);
      return once.job.name;
    }
    if (metadata || Reflect.getMetadata(SCHEDULER_TYPE, method)) {
      throw new ScheduleError('INVALID_JOB', singletonScheduled(name));
    }
    const call = (...run: [PeerRun?]): unknown =>
      (instance as Record<string, typeof method>)[methodName]!(...run);
    const job = this.#job(name, singleton!, call, method);
    found.singletons.push(job);
    return job.name;
  }

  #once(
    label: string,
    instance: object,
    key: string,
    scheduled: object,
    metadata: OnceMetadata,
  ): FoundOnceJob {
    const { method, options } = metadata;
    const read = <T>(name: string): T =>
      Reflect.getMetadata(name, scheduled) as T;
    const type = read<number | undefined>(SCHEDULER_TYPE);
    if (type === undefined) {
      throw new ScheduleError('INVALID_JOB', notScheduled(label));
    }
    if (type === TIMEOUT) {
      throw new ScheduleError('INVALID_JOB', timeoutOnce(label));
    }
    const name = read<string | undefined>(SCHEDULER_NAME);
    const call = (...run: [PeerRun?]): unknown => method.apply(instance, run);
    const named = { ...options, name: options.name ?? name };
    const job = this.#job(label, named, call, method);
    if (type === CRON) {
      const cron = read<CronMetadata>(SCHEDULE_CRON_OPTIONS);
      job.waitForCompletion = cron.waitForCompletion;
      return {
        job,
        instance,
        key,
        metadata,
        occurrences: cronOccurrences(this.#cronTime(cron, name)),
        isDisabled: cron.disabled === true,
      };
    }
    const { timeout } = read<{ timeout: number }>(SCHEDULE_INTERVAL_OPTIONS);
    if (timeout < LEAST_INTERVAL) {
      throw new ScheduleError('INVALID_JOB', intervalTooShort(label, timeout));
    }
    // The peers' intervals began at different moments: each gets its turn before another takes over.
    job.takeoverAfter = timeout;
    return {
      job,
      instance,
      key,
      metadata,
      occurrences: intervalOccurrences(timeout),
      isDisabled: false,
    };
  }

  /** A named cron job's schedule may be set anew through the registry; an unnamed one has no address there. */
  #cronTime(cron: CronMetadata, name: string | undefined): () => CronTime {
    const registry = this.#provided(SchedulerRegistry);
    if (!registry) {
      throw new ScheduleError('NO_SCHEDULE_MODULE', noScheduleModule);
    }
    const { cronTime, timeZone, utcOffset } = cron;
    const own =
      utcOffset === undefined
        ? new CronTime(cronTime, timeZone)
        : new CronTime(cronTime, null, utcOffset);
    return () =>
      name !== undefined && registry.doesExist('cron', name)
        ? registry.getCronJob(name).cronTime
        : own;
  }

  #job(
    label: string,
    options: PeerJobOptions,
    call: (...run: [PeerRun?]) => unknown,
    method: { length: number },
  ): Job {
    const { minPeers, onMinority, fence } = options;
    return {
      name: options.name ?? label,
      ...readJobOptions({ minPeers, onMinority }, this.#options),
      fence:
        fence === undefined ? this.#options.fence : this.#fence(label, fence),
      run: (run) => (method.length > 0 ? call(run) : call()),
    };
  }

  #fence(
    label: string,
    fence: NonNullable<PeerJobOptions['fence']>,
  ): CloudFence | undefined {
    if (fence === false) {
      return undefined;
    }
    const found = isFence(fence) ? fence : this.#provided<unknown>(fence);
    if (!isFence(found)) {
      throw new ScheduleError('INVALID_JOB', noFence(label));
    }
    return found;
  }

  #provided<T>(token: InjectionToken<T>): T | undefined {
    try {
      return this.#moduleRef.get<T>(token, { strict: false });
    } catch {
      return undefined;
    }
  }
}
