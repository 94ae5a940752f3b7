import type { BenchContext } from '../runner/bench-context.js';
import type { Job } from '../runner/job.js';
import type { Stage } from '../runner/stage.js';
import { staged } from './staged.js';
import { turns } from './turns.js';

const CELL = 'smoke';
const LOAD = { bytes: 60, inFlight: 2, durationMs: 50 };

/** Only whether every contender answers with what it got. */
export function smoke(context: BenchContext): Job[] {
  const rounds = { withFloor: 1, others: 1 };
  return turns(context, 'request-reply', rounds).map(({ contender }) =>
    staged(context, {
      contender,
      size: { peers: 1, processes: 0 },
      cell: CELL,
      ms: LOAD.durationMs,
      work: (stage) => check(context, contender.id, stage),
    }),
  );
}

async function check(
  context: BenchContext,
  id: string,
  stage: Stage,
): Promise<void> {
  const result = await stage.load('closedLoop', LOAD);
  if (result.count === 0 || result.errors > 0) {
    throw new Error(result.firstError ?? 'no reply');
  }
  context.say(`${id} answers`);
}
