import type { BenchContext } from '../runner/bench-context.js';
import type { Job } from '../runner/job.js';
import type { Stage } from '../runner/stage.js';
import { staged } from './staged.js';
import { turns } from './turns.js';

const PEERS = 10;
const CELL = 'join';
/** What one join and the leave after it take. */
const JOIN_MS = 150;

/** A peer that joins a cloud and leaves it, again and again. */
export function join(context: BenchContext): Job[] {
  const { quick } = context.options;
  const rounds = quick ? 1 : 2;
  const joins = quick ? 7 : 20;
  return turns(context, CELL, { withFloor: rounds, others: rounds }).map(
    ({ contender }) =>
      staged(context, {
        contender,
        size: { peers: PEERS, processes: 1 },
        cell: CELL,
        ms: joins * JOIN_MS,
        work: (stage) => measure(context, contender.id, stage, joins),
      }),
  );
}

async function measure(
  context: BenchContext,
  id: string,
  stage: Stage,
  joins: number,
): Promise<void> {
  // The one that the stage began with was there for the compiler.
  for (let count = 0; count < joins; count++) {
    await stage.openClient();
    context.samples.add(CELL, id, { ms: stage.joinMs });
  }
  context.say(`${CELL}: ${id} ${stage.joinMs?.toFixed(1)} ms`);
}
