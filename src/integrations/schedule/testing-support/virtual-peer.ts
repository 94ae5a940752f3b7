import type { Answer, Question } from '../core/questions.js';
import type {
  JobEvent,
  ScheduleClock,
  SchedulePeers,
  Silence,
} from '../core/schedule-ports.js';
import { Scheduler } from '../core/scheduler.js';
import type { Job, PeerRun } from '../core/job-runner.js';
import type { CloudFence } from '../../fences/index.js';
import type { VirtualCloud } from './virtual-cloud.js';

/** What a virtual peer is. */
export interface VirtualPeerOptions {
  id: string;
  /** Ms that its clock is ahead. */
  skew: number;
  jobs: VirtualJob[];
}

/** A job as the virtual peers run it. */
export interface VirtualJob extends Partial<
  Pick<Job, 'minPeers' | 'onMinority' | 'waitForCompletion'>
> {
  name: string;
  /** Ms between two occurrences; undefined: a singleton. */
  every?: number;
  /** Ms that a run takes. */
  takes?: number;
  isFenced?: boolean;
  /** Thrown by each run. */
  throws?: Error;
  /** A run goes on although its signal has fired. */
  isDeaf?: boolean;
}

/** One process of a virtual cloud: it can be killed, stand still, and have a wrong clock. */
export class VirtualPeer {
  readonly id: string;
  readonly view = new Set<string>();
  readonly events: JobEvent[] = [];
  readonly scheduler: Scheduler;
  isAlive = true;
  isStalled = false;

  readonly #cloud: VirtualCloud;
  readonly #options: VirtualPeerOptions;
  /** What waits for it to go on: timers first, then what arrived. */
  readonly #timers: (() => void)[] = [];
  readonly #arrived: (() => void)[] = [];

  constructor(cloud: VirtualCloud, options: VirtualPeerOptions) {
    this.#cloud = cloud;
    this.#options = options;
    this.id = options.id;
    this.scheduler = new Scheduler({
      clock: this.clock,
      peers: this.#peers(),
      options: { takeoverAfter: 1_000, leaseTtl: 5_000, stopGrace: 10_000 },
      emit: (event) => {
        this.events.push(event);
        cloud.takenOver += event.type === 'job.taken-over' ? 1 : 0;
      },
      warn: (text) => cloud.warnings.push(text),
      overdue: (job) => cloud.warnings.push(`${job} does not end`),
      ended: () => undefined,
    });
    for (const job of options.jobs) {
      this.#add(job);
    }
  }

  readonly clock: ScheduleClock = {
    now: () => this.#cloud.clock.now() + this.#options.skew,
    monotonic: () => this.#cloud.clock.monotonic(),
    setTimeout: (callback, ms) =>
      this.#cloud.clock.setTimeout(
        () => this.#later(callback, this.#timers),
        ms,
      ),
    clearTimeout: (timer) => this.#cloud.clock.clearTimeout(timer),
  };

  /** Something from outside: it waits while the process stands still, and is lost with it. */
  arrive(callback: () => void): void {
    this.#later(callback, this.#arrived);
  }

  wake(): void {
    this.isStalled = false;
    [...this.#timers.splice(0), ...this.#arrived.splice(0)].forEach((one) =>
      one(),
    );
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.setTimeout(resolve, ms));
  }

  count(type: JobEvent['type']): number {
    return this.events.filter((event) => event.type === type).length;
  }

  #later(callback: () => void, queue: (() => void)[]): void {
    if (this.isStalled) {
      queue.push(callback);
    } else if (this.isAlive) {
      callback();
    }
  }

  #peers(): SchedulePeers {
    const cloud = this.#cloud;
    return {
      self: this.id,
      others: () => [...this.view],
      has: (peer) => this.view.has(peer),
      rank: (job, count, mayRun) =>
        cloud.rank(
          job,
          (peer) => (peer === this.id || this.view.has(peer)) && mayRun(peer),
          count,
        ),
      ask: (peer, question, timeout) => this.#ask(peer, question, timeout),
    };
  }

  #ask(
    peer: string,
    question: Question,
    timeout: number,
  ): Promise<Answer | Silence> {
    return new Promise((settle) => {
      const timer = this.clock.setTimeout(() => settle('silent'), timeout);
      const resolve = (answer: Answer | Silence): void => {
        this.clock.clearTimeout(timer);
        settle(answer);
      };
      this.#cloud.carry(this.id, peer, (target) => {
        if (!target) {
          this.arrive(() => resolve('gone'));
          return;
        }
        if (!target.view.has(this.id)) {
          this.#cloud.carry(peer, this.id, () => resolve('stranger'));
          return;
        }
        const answer = copy(
          question,
          target.scheduler.answer(this.id, copy(question, question)),
        ) as Answer;
        this.#cloud.carry(peer, this.id, () => resolve(answer));
      });
    });
  }

  #add(job: VirtualJob): void {
    const { name, every, isFenced } = job;
    const core: Job = {
      name,
      minPeers: job.minPeers ?? 1,
      onMinority: job.onMinority ?? 'run',
      waitForCompletion: job.waitForCompletion,
      fence: isFenced ? this.#fence() : undefined,
      run: (run) => this.#run(job, run),
    };
    if (every === undefined) {
      this.scheduler.addSingleton(core);
    } else {
      void this.scheduler.addOnce(core);
      this.#tickFrom(name, every);
    }
  }

  #tickFrom(name: string, every: number): void {
    const next = (Math.floor(this.clock.now() / every) + 1) * every;
    this.clock.setTimeout(() => {
      this.#tickFrom(name, every);
      void this.scheduler.tick(name, next);
    }, next - this.clock.now());
  }

  async #run(job: VirtualJob, run: PeerRun): Promise<void> {
    const record = this.#cloud.ran(this.id, run);
    if (job.every === undefined) {
      while (!run.signal.aborted || job.isDeaf) {
        await this.sleep(20);
        record.end = this.#cloud.clock.monotonic();
        if (job.throws) {
          throw job.throws;
        }
      }
      return;
    }
    await this.sleep(job.takes ?? 0);
    record.end = this.#cloud.clock.monotonic();
    if (job.throws) {
      throw job.throws;
    }
  }

  #fence(): CloudFence {
    return {
      acquire: (name, request) =>
        this.#cloud.fence.acquire(this, name, request),
    };
  }
}

/** Nobody shares what was sent. Greetings are only read, and thousands of them would be slow to copy. */
function copy<T>({ ask }: Question, sent: T): T {
  return ask === 'hello' ? sent : structuredClone(sent);
}
