import { Inject, Injectable, Logger } from '@nestjs/common';
import { Subject, type Observable } from 'rxjs';
import type { RunOutcome } from './core/job-runner.js';
import type { JobRuns } from './core/questions.js';
import type {
  JobEvent,
  ScheduleClock,
  SchedulePeers,
} from './core/schedule-ports.js';
import { Scheduler } from './core/scheduler.js';
import {
  overdue,
  runFailed,
  singletonEnded,
  singletonFailed,
  singletonStarts,
  skipped,
  takenOver,
} from './schedule.messages.js';
import type { ResolvedPeerScheduleOptions } from './schedule.options.js';
import { PEER_SCHEDULE_OPTIONS } from './schedule.tokens.js';

/** A job, and what became of its last occurrences. */
export interface JobReport {
  name: string;
  kind: 'once' | 'singleton';
  /** Id of the peer whose turn it is, or that runs the singleton; undefined while there is none. */
  owner: string | undefined;
  /** The newest first, at most 64; none for a singleton. As far as this peer or the owner remembers. */
  runs: JobRunReport[];
}

/** One occurrence of a job. */
export interface JobRunReport {
  occurrence: Date;
  /** Id of the peer that runs it, or ran it. */
  by: string;
  /** `lost`: its peer went before it was heard of the end. */
  state: 'running' | 'done' | 'failed' | 'skipped' | 'lost';
  /** Ms; undefined while it runs. */
  duration: number | undefined;
  /** What the method threw, in words. */
  error: string | undefined;
}

/** Ms between two warnings of the same kind of one job. */
const WARN_EVERY = 60_000;

const systemClock: ScheduleClock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms).unref(),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
};

/** What the jobs of this cloud are, and what happens to them here. */
@Injectable()
export class ScheduleService {
  /** What happens to jobs on this peer; completes at shutdown. */
  readonly events$: Observable<JobEvent>;

  readonly #logger = new Logger('PeerSchedule');
  readonly #events = new Subject<JobEvent>();
  readonly #options: ResolvedPeerScheduleOptions;
  readonly #singletons = new Set<string>();
  readonly #warned = new Map<string, number>();
  #scheduler: Scheduler | undefined;

  /** @internal */
  constructor(
    @Inject(PEER_SCHEDULE_OPTIONS) options: ResolvedPeerScheduleOptions,
  ) {
    this.#options = options;
    this.events$ = this.#events.asObservable();
  }

  /** Whether this peer takes part: it is settled, and does not leave. */
  get isReady(): boolean {
    return this.#scheduler?.isReady === true;
  }

  /** The jobs of this app. For jobs that this peer is told nothing of, their owner is asked. */
  async jobs(): Promise<JobReport[]> {
    const reports = (await this.#scheduler?.report()) ?? [];
    return reports.map((report) => this.#describe(report));
  }

  /**
   * Makes the scheduler; the module does it.
   *
   * @internal
   */
  begin(peers: SchedulePeers): Scheduler {
    const { takeoverAfter, leaseTtl, stopGrace } = this.#options;
    this.#scheduler = new Scheduler({
      clock: systemClock,
      peers,
      options: { takeoverAfter, leaseTtl, stopGrace },
      emit: (event) => this.#emit(event),
      warn: (text) => this.#logger.warn(text),
      overdue: (job) => this.#logger.error(overdue(job, stopGrace)),
      ended: (job, backoff, outcome) => this.#ended(job, backoff, outcome),
    });
    return this.#scheduler;
  }

  /**
   * Says of which jobs there is to tell that they run here.
   *
   * @internal
   */
  addSingleton(name: string): void {
    this.#singletons.add(name);
  }

  /**
   * The module does it, at shutdown.
   *
   * @internal
   */
  end(): void {
    this.#events.complete();
  }

  #emit(event: JobEvent): void {
    switch (event.type) {
      case 'job.taken-over':
        this.#logger.log(takenOver(event.job, event.from));
        break;
      case 'job.started':
        this.#warned.delete(event.job);
        if (this.#singletons.has(event.job)) {
          this.#logger.log(singletonStarts(event.job));
        }
        break;
      case 'job.finished':
        if (event.error !== undefined && event.occurrence) {
          const text = runFailed(event.job, event.occurrence);
          this.#logger.error(text, stackOf(event.error));
        }
        break;
      case 'job.skipped':
        this.#tellOfSkip(event);
    }
    this.#events.next(event);
  }

  /** Once a minute: a job of each second would fill the log. */
  #tellOfSkip({
    job,
    reason,
    error,
  }: JobEvent & { type: 'job.skipped' }): void {
    const now = performance.now();
    if (now < (this.#warned.get(job) ?? 0)) {
      return;
    }
    this.#warned.set(job, now + WARN_EVERY);
    const why = error === undefined ? '' : `: ${messageOf(error)}`;
    const text = `${skipped(job, reason)}${why}`;
    if (reason === 'fence-unreachable') {
      this.#logger.warn(text);
    } else {
      this.#logger.debug(text);
    }
  }

  #ended(job: string, backoff: number, outcome: RunOutcome): void {
    if (outcome.kind === 'ran' && outcome.hasFailed) {
      const text = singletonFailed(job, backoff);
      this.#logger.error(text, stackOf(outcome.error));
    } else {
      this.#logger.warn(singletonEnded(job, backoff));
    }
  }

  #describe(report: JobRuns & { owner?: string }): JobReport {
    const { job, holder, owner, runs } = report;
    const isSingleton = this.#singletons.has(job);
    return {
      name: job,
      kind: isSingleton ? 'singleton' : 'once',
      owner: isSingleton ? holder : owner,
      runs: runs.map(({ occurrence, by, isOver, result }) => ({
        occurrence: new Date(occurrence),
        by,
        state: !isOver ? 'running' : stateOf(result),
        duration: result?.duration,
        error: result?.error,
      })),
    };
  }
}

function stateOf(
  result: JobRuns['runs'][number]['result'],
): JobRunReport['state'] {
  if (!result) {
    return 'lost';
  }
  if (result.isSkipped) {
    return 'skipped';
  }
  return result.error === undefined ? 'done' : 'failed';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function stackOf(error: unknown): string {
  return error instanceof Error
    ? (error.stack ?? error.message)
    : String(error);
}
