import { JobRunner, type Job, type RunOutcome } from './job-runner.js';
import { OnceJob, type JobParts } from './once-job.js';
import {
  readQuestion,
  readReports,
  type Answer,
  type Greeting,
  type JobRuns,
} from './questions.js';
import { Roster } from './roster.js';
import type {
  JobEvent,
  ScheduleClock,
  SchedulePeers,
} from './schedule-ports.js';
import { SingletonJob } from './singleton-job.js';
import { fired } from './waits.js';

/** What a scheduler is made of. */
export interface SchedulerParts {
  clock: ScheduleClock;
  peers: SchedulePeers;
  options: {
    /** Ms after which the next in rank takes over an occurrence. */
    takeoverAfter: number;
    /** Ms. */
    leaseTtl: number;
    /** Ms that a singleton's method may take to end. */
    stopGrace: number;
  };
  emit: (event: JobEvent) => void;
  /** A fence did not take a lease back. */
  warn: (text: string) => void;
  /** A singleton's method did not end in time. */
  overdue: (job: string) => void;
  /** A singleton's method ended by itself, and is called again after so many ms. */
  ended: (job: string, backoff: number, outcome: RunOutcome) => void;
}

/** Ms for another scheduler's report. */
const REPORT_TIMEOUT = 2_000;

/** One peer's part in the jobs of a cloud. It knows no framework, no network and no clock of its own. */
export class Scheduler {
  readonly #parts: SchedulerParts;
  readonly #roster: Roster;
  readonly #once = new Map<string, OnceJob>();
  readonly #singletons = new Map<string, SingletonJob>();
  readonly #jobParts: JobParts;

  constructor(parts: SchedulerParts) {
    const { clock, peers, options, emit } = parts;
    this.#parts = parts;
    this.#roster = new Roster(clock, peers, {
      greeting: () => this.#greeting(),
      heard: (peer, greeting) => this.#heard(peer, greeting),
      changed: () => this.ranksChanged(),
    });
    this.#jobParts = {
      clock,
      peers,
      emit,
      roster: this.#roster,
      takeoverAfter: options.takeoverAfter,
      runner: new JobRunner({
        clock,
        emit,
        owner: peers.self,
        leaseTtl: options.leaseTtl,
        warn: parts.warn,
      }),
    };
  }

  /** Whether this peer takes part: it is settled, and does not leave. */
  get isReady(): boolean {
    return this.#roster.isReady;
  }

  /** Resolves when the others know of it. */
  addOnce(job: Job): Promise<void> {
    this.#once.set(job.name, new OnceJob(job, this.#jobParts));
    return this.#roster.update();
  }

  /** Before the start. */
  addSingleton(job: Job): void {
    const { overdue, ended, options } = this.#parts;
    this.#singletons.set(
      job.name,
      new SingletonJob(job, {
        ...this.#jobParts,
        overdue,
        ended,
        stopGrace: options.stopGrace,
      }),
    );
  }

  /** Takes part from now on: this peer is settled. */
  start(): Promise<void> {
    return this.#roster.join();
  }

  /**
   * Hands over, and resolves when nothing runs here any more, or when there is no more time.
   * @param hurry fires when there is no more time: what still runs is told so
   */
  async end(hurry: AbortSignal): Promise<void> {
    await this.#roster.leave();
    const jobs = [...this.#once.values(), ...this.#singletons.values()];
    const ended = Promise.all(jobs.map((job) => job.end()));
    await Promise.race([ended, fired(hurry)]);
    if (hurry.aborted) {
      this.#once.forEach((job) => job.cutShort(hurry.reason));
    }
  }

  /** It is time for an occurrence of a job (Unix time in ms). */
  async tick(job: string, time: number): Promise<void> {
    await this.#once.get(job)?.tick(time);
  }

  peerJoined(peer: string): void {
    this.#roster.joined(peer);
  }

  /** @param inPeace it said goodbye */
  peerLeft(peer: string, inPeace: boolean): void {
    this.#roster.left(peer, inPeace);
    this.#once.forEach((job) => job.peerLeft(peer));
    this.#singletons.forEach((job) => job.peerLeft(peer));
  }

  /** The order of the peers in the ranks may be another now. */
  ranksChanged(): void {
    this.#roster.forgetRanks();
    if (!this.#roster.isReady) {
      return;
    }
    this.#once.forEach((job) => job.rosterChanged());
    this.#singletons.forEach((job) => job.rosterChanged());
  }

  /** What another scheduler asked; nothing to what makes no sense here. */
  answer(peer: string, body: unknown): Answer | object {
    const question = readQuestion(body);
    switch (question?.ask) {
      case 'hello':
        return this.#roster.greeted(peer, question);
      case 'bye':
        this.#roster.left(peer, true);
        return {};
      case 'claim':
        return (
          this.#once.get(question.job)?.claimed(peer, question.occurrence) ?? {}
        );
      case 'withdraw':
        this.#once.get(question.job)?.withdrawn(peer, question.occurrence);
        return {};
      case 'finished': {
        const { job, occurrence, result } = question;
        this.#once.get(job)?.finished(peer, occurrence, result);
        return {};
      }
      case 'seize':
        return (
          this.#singletons.get(question.job)?.seized(peer, question.term) ?? {}
        );
      case 'hold':
        return (
          this.#singletons.get(question.job)?.held(peer, question.term) ?? {}
        );
      case 'release':
        this.#singletons.get(question.job)?.released(peer, question.term);
        return {};
      case 'report':
        return { reports: this.#report(question.jobs) };
      default:
        return {};
    }
  }

  /** Each job, its owner, and its last occurrences as this peer or the owner knows them. */
  async report(): Promise<(JobRuns & { owner?: string })[]> {
    const names = [...this.#once.keys(), ...this.#singletons.keys()];
    const reports = names.map(async (name) => {
      const [own] = this.#report([name]);
      const rank = this.#roster.rank(name);
      const [owner] = rank;
      if (owner === undefined || rank.includes(this.#roster.self)) {
        return { owner, ...own! };
      }
      const answer = await this.#parts.peers.ask(
        owner,
        { ask: 'report', jobs: [name] },
        REPORT_TIMEOUT,
      );
      const theirs = readReports(answer).find(({ job }) => job === name);
      return { owner, ...(theirs ?? own!) };
    });
    return Promise.all(reports);
  }

  #report(names: string[]): JobRuns[] {
    return names.flatMap((name) => {
      const job = this.#once.get(name) ?? this.#singletons.get(name);
      return job ? job.report() : [];
    });
  }

  #greeting(): Pick<Greeting, 'jobs' | 'holds'> {
    return {
      jobs: [...this.#once.keys(), ...this.#singletons.keys()],
      holds: [...this.#singletons.values()].flatMap(
        ({ tenure }) => tenure ?? [],
      ),
    };
  }

  #heard(peer: string, { holds }: Greeting): void {
    for (const { job, term } of holds) {
      this.#singletons.get(job)?.held(peer, term);
    }
  }
}
