import type { Brokers } from './brokers.js';
import type { Findings } from './findings.js';
import type { RegisteredContender } from './registry.js';

/** What every part of the bench works with. */
export interface BenchContext extends Findings {
  brokers: Brokers;
  contenders: readonly RegisteredContender[];
  /** Says what is going on. */
  say(line: string): void;
}
