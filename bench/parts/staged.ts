import { describe } from '../load/outcome.js';
import type { BenchContext } from '../runner/bench-context.js';
import type { RegisteredContender } from '../runner/registry.js';
import { Stage, type StageSize } from '../runner/stage.js';

/** Puts a contender up, does the work, takes it down; a failure is noted for the cell and goes no further. */
export async function staged(
  context: BenchContext,
  contender: RegisteredContender,
  size: StageSize,
  cell: string,
  work: (stage: Stage) => Promise<void>,
): Promise<void> {
  let stage: Stage | undefined;
  try {
    stage = await Stage.start(contender, size, context);
    await work(stage);
  } catch (error) {
    context.samples.fail(cell, contender.id, describe(error));
    context.say(`${cell} ${contender.id}: ${describe(error)}`);
  } finally {
    await stage?.stop();
  }
}
