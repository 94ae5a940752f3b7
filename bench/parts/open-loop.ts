import type { BenchContext } from '../runner/bench-context.js';
import type { Job } from '../runner/job.js';
import type { RegisteredContender } from '../runner/registry.js';
import type { Stage } from '../runner/stage.js';
import { noteErrors } from './note-errors.js';
import { requestReplyCell } from './request-reply.js';
import { staged } from './staged.js';
import { turns } from './turns.js';
import { warmUp } from './warm-up.js';

const BYTES = 60;
const PEAK = { bytes: BYTES, inFlight: 64 };
/** Length of each run in those of other parts. */
const MEASURES = 4;
/** Whose half peak is the rate that all are compared at. */
const COMMON = 'nest-tcp';

/** Messages at half of what each can do, and all at the same rate, whatever becomes of those before. */
export function openLoopAtHalfPeak(context: BenchContext): Job[] {
  const { quick, measureMs, warmUpMs } = context.options;
  const rounds = quick ? 1 : 2;
  return turns(context, 'open-loop', {
    withFloor: rounds,
    others: rounds,
  }).map(({ contender }) =>
    staged(context, {
      contender,
      size: { peers: 1, processes: 1 },
      cell: 'open-loop',
      ms: warmUpMs + 2 * MEASURES * measureMs,
      work: (stage) => measure(context, contender, stage),
    }),
  );
}

async function measure(
  context: BenchContext,
  contender: RegisteredContender,
  stage: Stage,
): Promise<void> {
  const { options, samples } = context;
  const durationMs = options.measureMs * MEASURES;
  await stage.load('closedLoop', warmUp(options));
  const rates = {
    'open-loop/own': await halfPeak(context, contender.id, stage),
    'open-loop/common': medianHalfPeak(context, COMMON),
  };
  for (const [cell, rate] of Object.entries(rates)) {
    if (rate === undefined) {
      continue;
    }
    const plan = { bytes: BYTES, rate, durationMs };
    const result = await stage.load('openLoop', plan);
    noteErrors(context, cell, contender.id, result);
    const { p50, p99, p999 } = result;
    samples.add(cell, contender.id, { rate, p50, p99, p999 });
    context.say(`${cell}: ${contender.id} p99.9 ${p999.toFixed(2)} ms`);
  }
}

/** From the cells measured before, or from a short run where that part was left out. */
async function halfPeak(
  context: BenchContext,
  id: string,
  stage: Stage,
): Promise<number> {
  const known = medianHalfPeak(context, id);
  if (known !== undefined) {
    return known;
  }
  const durationMs = context.options.measureMs;
  const result = await stage.load('closedLoop', { ...PEAK, durationMs });
  return (result.count / result.elapsedMs) * 500;
}

function medianHalfPeak(
  context: BenchContext,
  contender: string,
): number | undefined {
  const cell = requestReplyCell(PEAK);
  const peak = context.samples.median({ cell, contender, metric: 'rate' });
  return peak === undefined ? undefined : peak / 2;
}
