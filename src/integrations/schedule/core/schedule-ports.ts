import type { Answer, Question } from './questions.js';

/** Time, as the core sees it: real in production, virtual in tests. */
export interface ScheduleClock {
  /** Unix time in ms. */
  now(): number;
  /** Milliseconds of a clock that never jumps. */
  monotonic(): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** Why there is no answer. */
export type Silence =
  /** It has no scheduler. */
  | 'none'
  /** It certainly does not run any more. */
  | 'gone'
  /** It does not count this peer as a member: others may have taken over from it. */
  | 'stranger'
  /** Nobody knows. */
  | 'silent';

/** The other peers, as the core sees them. */
export interface SchedulePeers {
  readonly self: string;
  /** Ids of all others. */
  others(): string[];
  has(peer: string): boolean;
  /** The first `count` of those who may run a job, its owner first; `mayRun` tells who they are. */
  rank(job: string, count: number, mayRun: (peer: string) => boolean): string[];
  /** Never rejects. */
  ask(
    peer: string,
    question: Question,
    timeout: number,
  ): Promise<Answer | Silence>;
}

/** Something that happened to a job on this peer. */
export type JobEvent =
  | { type: 'job.started'; job: string; occurrence?: Date; token?: bigint }
  | {
      type: 'job.finished';
      job: string;
      occurrence?: Date;
      /** Ms that it ran. */
      duration: number;
      /** What the method threw. */
      error?: unknown;
    }
  | {
      type: 'job.taken-over';
      job: string;
      occurrence?: Date;
      /** Id of the peer whose turn it was. */
      from: string;
    }
  | {
      type: 'job.skipped';
      job: string;
      occurrence?: Date;
      reason: SkipReason;
      error?: unknown;
    };

/** Why a job did not run here although it was this peer's turn. */
export type SkipReason =
  /** Fewer peers than its `minPeers`. */
  | 'too-few-peers'
  /** Most of the cloud is out of reach, and `onMinority` is 'skip'. */
  | 'minority'
  /** The occurrence before it is not over, and the cron job says `waitForCompletion`. */
  | 'unfinished'
  /** The others took this peer for dead, and do not count it as a member yet. */
  | 'stranger'
  /** The fence has it for somebody else, or has had this occurrence. */
  | 'fenced'
  /** The fence could not be reached. */
  | 'fence-unreachable';
