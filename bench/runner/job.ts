import type { BenchContext } from './bench-context.js';

/** A piece of the bench that stands on its own. */
export interface Job {
  /** Ms that it takes on a machine with nothing else to do; the length of a run is estimated from it. */
  ms: number;
  /** Notes its own failures; the jobs after it run in any case. */
  run(): Promise<void>;
}

/** The jobs of one part of the bench, in the order in which they run. */
export type Part = (context: BenchContext) => Job[];
