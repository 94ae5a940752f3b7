import type { CloudFence, FenceLease } from '../../fences/index.js';
import type { JobEvent, ScheduleClock } from './schedule-ports.js';
import { passed } from './waits.js';

/** What a job's method is called with. */
export interface PeerRun {
  /** The job's name. */
  readonly name: string;
  /** When it was scheduled; undefined for a singleton. */
  readonly occurrence?: Date;
  /**
   * The fencing token, higher than that of each earlier run; undefined without a fence. Whoever stores
   * what this run does refuses a token that is lower than one it has seen.
   */
  readonly token?: bigint;
  /** Fires when the run has to end: the lease is lost, or this peer has to hand over. */
  readonly signal: AbortSignal;
}

/** What a job is, wherever it runs. */
export interface Job {
  name: string;
  /** Runs only while at least so many peers take part, this one included. */
  minPeers: number;
  /** What to do where most of the cloud is out of reach. */
  onMinority: 'run' | 'skip';
  fence: CloudFence | undefined;
  /** No occurrence starts before the one before it is over. */
  waitForCompletion?: boolean | undefined;
  /** Ms after which the next in rank takes over; default: as for all jobs. */
  takeoverAfter?: number | undefined;
  run: (run: PeerRun) => unknown;
}

/** How a run went. */
export type RunOutcome =
  | {
      kind: 'ran';
      duration: number;
      error?: unknown;
      hasFailed: boolean;
      /** Its signal had fired. */
      wasEnded: boolean;
    }
  /** Somebody else has the name at the fence, or had this occurrence. */
  | { kind: 'refused' }
  | { kind: 'unreachable'; error: unknown };

/** A run waits so many of the lease's ttl for one that a dead peer left behind, and asks so often. */
const PATIENCE = 3 / 2;
const ASK_AGAIN = 1 / 10;

/** Runs methods of jobs, under a lease of their fence where they have one. */
export class JobRunner {
  readonly #clock: ScheduleClock;
  readonly #owner: string;
  readonly #leaseTtl: number;
  readonly #emit: (event: JobEvent) => void;
  readonly #warn: (text: string) => void;

  constructor(parts: {
    clock: ScheduleClock;
    owner: string;
    /** Ms. */
    leaseTtl: number;
    emit: (event: JobEvent) => void;
    /** A fence did not take a lease back. */
    warn: (text: string) => void;
  }) {
    this.#clock = parts.clock;
    this.#owner = parts.owner;
    this.#leaseTtl = parts.leaseTtl;
    this.#emit = parts.emit;
    this.#warn = parts.warn;
  }

  /** When a run whose turn is now gives up waiting for its fence, in ms of the monotonic clock. */
  get fenceDeadline(): number {
    return this.#clock.monotonic() + this.#leaseTtl * PATIENCE;
  }

  /**
   * Runs a job once. Never rejects.
   * @param stop ends it; it fires by itself when the lease is lost
   * @param until when it gives up waiting for the fence
   */
  async run(
    job: Job,
    stop: AbortController,
    occurrence?: number,
    until = this.fenceDeadline,
  ): Promise<RunOutcome> {
    let lease: FenceLease | undefined;
    if (job.fence) {
      try {
        lease = await this.#acquire(
          job.name,
          job.fence,
          stop.signal,
          until,
          occurrence,
        );
      } catch (error) {
        return (error as { code?: unknown }).code === 'OCCURRENCE_HAD'
          ? { kind: 'refused' }
          : { kind: 'unreachable', error };
      }
      if (!lease) {
        return { kind: 'refused' };
      }
    }
    try {
      return await this.#call(job, stop, occurrence, lease);
    } finally {
      await lease
        ?.release()
        .catch((error: unknown) => this.#warn(String(error)));
    }
  }

  async #acquire(
    name: string,
    fence: CloudFence,
    signal: AbortSignal,
    until: number,
    occurrence: number | undefined,
  ): Promise<FenceLease | undefined> {
    const owner = this.#owner;
    const ttl = this.#leaseTtl;
    while (this.#clock.monotonic() < until) {
      const lease = await fence.acquire(name, {
        owner,
        ttl,
        occurrence,
        signal,
      });
      if (lease) {
        return lease;
      }
      await passed(this.#clock, ttl * ASK_AGAIN);
    }
    return undefined;
  }

  async #call(
    { name, run }: Job,
    stop: AbortController,
    time: number | undefined,
    lease: FenceLease | undefined,
  ): Promise<RunOutcome> {
    const occurrence = time === undefined ? undefined : new Date(time);
    const token = lease?.token;
    const { signal } = stop;
    const lost = lease?.lost;
    lost?.addEventListener('abort', () => stop.abort(lost.reason));
    const startedAt = this.#clock.monotonic();
    this.#emit({ type: 'job.started', job: name, occurrence, token });
    let error: unknown;
    let hasFailed = false;
    try {
      await run({ name, occurrence, token, signal });
    } catch (thrown) {
      hasFailed = true;
      error = thrown;
    }
    const duration = this.#clock.monotonic() - startedAt;
    this.#emit({
      type: 'job.finished',
      job: name,
      occurrence,
      duration,
      error,
    });
    return {
      kind: 'ran',
      duration,
      error,
      hasFailed,
      wasEnded: signal.aborted,
    };
  }
}
