import { takingPart, type BenchContext } from '../runner/bench-context.js';
import type { RegisteredContender } from '../runner/registry.js';
import { staged } from './staged.js';

const TWO_AT_A_TIME = 2;
const CELL = 'smoke';

/** Only whether every contender answers with what it got. */
export async function smoke(context: BenchContext): Promise<void> {
  const waiting = takingPart(context, 'request-reply', 0);
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      await check(context, next);
    }
  };
  await Promise.all(Array.from({ length: TWO_AT_A_TIME }, worker));
}

async function check(
  context: BenchContext,
  contender: RegisteredContender,
): Promise<void> {
  const size = { peers: 1, processes: 0 };
  await staged(context, contender, size, CELL, async (stage) => {
    const plan = { bytes: 60, inFlight: 2, durationMs: 50 };
    const result = await stage.load('closedLoop', plan);
    if (result.count === 0 || result.errors > 0) {
      throw new Error(result.firstError ?? 'no reply');
    }
    context.say(`${contender.id} answers`);
  });
}
