import { takingPart, type BenchContext } from '../runner/bench-context.js';
import type { Stage } from '../runner/stage.js';
import { staged } from './staged.js';
import { warmUp } from './warm-up.js';

const LIGHT = { bytes: 60, rate: 1_000 };
const HEAVY = { bytes: 262_144, rate: 20 };

/** How long a light message waits while heavy ones flow to the same peer, and while none do. */
export async function lightBesideHeavy(context: BenchContext): Promise<void> {
  const rounds = Math.min(
    context.options.rounds,
    context.options.quick ? 2 : 3,
  );
  for (let round = 0; round < rounds; round++) {
    for (const contender of takingPart(context, 'light-beside-heavy', round)) {
      const size = { peers: 1, processes: 1 };
      await staged(context, contender, size, 'light-beside-heavy', (stage) =>
        measure(context, contender.id, stage),
      );
    }
  }
}

async function measure(
  context: BenchContext,
  id: string,
  stage: Stage,
): Promise<void> {
  const { samples, options } = context;
  const durationMs = Math.max(1_500, options.measureMs * 4);
  await stage.load('closedLoop', warmUp(options));
  const beside = { ...LIGHT, heavy: HEAVY };
  await stage.load('openLoop', { ...beside, durationMs: options.warmUpMs });

  const cells = {
    'light-beside-heavy/without': LIGHT,
    'light-beside-heavy/with': beside,
  };
  for (const [cell, plan] of Object.entries(cells)) {
    const result = await stage.load('openLoop', { ...plan, durationMs });
    if (result.errors > 0) {
      samples.fail(cell, id, `${result.errors} errors: ${result.firstError}`);
    }
    samples.add(cell, id, { p50: result.p50, p99: result.p99 });
    context.say(`${cell}: ${id} p99 ${result.p99.toFixed(2)} ms`);
  }
}
