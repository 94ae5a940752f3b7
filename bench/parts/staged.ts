import { describe } from '../load/outcome.js';
import type { BenchContext } from '../runner/bench-context.js';
import type { Job } from '../runner/job.js';
import type { RegisteredContender } from '../runner/registry.js';
import { Stage, type StageSize } from '../runner/stage.js';

/** What starting and ending the processes takes, and each peer. */
const START_MS = 1_500;
const PEER_MS = 45;

/** What is done with a contender once it is up. */
export interface StagedWork {
  contender: RegisteredContender;
  size: StageSize;
  /** Where a failure is noted. */
  cell: string;
  /** Ms of the work. */
  ms: number;
  work(stage: Stage): Promise<void>;
}

/** Puts a contender up, does the work, takes it down; a failure is noted and goes no further. */
export function staged(context: BenchContext, plan: StagedWork): Job {
  const { contender, size, cell } = plan;
  return {
    ms: START_MS + size.peers * PEER_MS + plan.ms,
    async run() {
      let stage: Stage | undefined;
      try {
        stage = await Stage.start(contender, size, context);
        await plan.work(stage);
      } catch (error) {
        context.samples.fail(cell, contender.id, describe(error));
        context.say(`${cell} ${contender.id}: ${describe(error)}`);
      } finally {
        await stage?.stop();
      }
    },
  };
}
