import type { BenchOptions } from '../options.js';
import type { BenchContext } from '../runner/bench-context.js';
import type { Job } from '../runner/job.js';
import type { Stage } from '../runner/stage.js';
import { noteErrors } from './note-errors.js';
import { staged } from './staged.js';
import { turns } from './turns.js';
import { warmUp } from './warm-up.js';

const LIGHT = { bytes: 60, rate: 1_000 };
const HEAVY = { bytes: 262_144, rate: 20 };

const CELL = 'light-beside-heavy';

/** How long a light message waits while heavy ones flow to the same peer, and while none do. */
export function lightBesideHeavy(context: BenchContext): Job[] {
  const { options } = context;
  const rounds = options.quick ? 2 : 3;
  return turns(context, CELL, { withFloor: rounds, others: rounds }).map(
    ({ contender }) =>
      staged(context, {
        contender,
        size: { peers: 1, processes: 1 },
        cell: CELL,
        ms: 2 * (options.warmUpMs + durationOf(options)),
        work: (stage) => measure(context, contender.id, stage),
      }),
  );
}

async function measure(
  context: BenchContext,
  id: string,
  stage: Stage,
): Promise<void> {
  const { samples, options } = context;
  const durationMs = durationOf(options);
  await stage.load('closedLoop', warmUp(options));
  const beside = { ...LIGHT, heavy: HEAVY };
  await stage.load('openLoop', { ...beside, durationMs: options.warmUpMs });

  const cells = {
    [`${CELL}/without`]: LIGHT,
    [`${CELL}/with`]: beside,
  };
  for (const [cell, plan] of Object.entries(cells)) {
    const result = await stage.load('openLoop', { ...plan, durationMs });
    noteErrors(context, cell, id, result);
    samples.add(cell, id, { p50: result.p50, p99: result.p99 });
    context.say(`${cell}: ${id} p99 ${result.p99.toFixed(2)} ms`);
  }
}

function durationOf({ measureMs }: BenchOptions): number {
  return Math.max(1_500, measureMs * 4);
}
