import { inspect } from 'node:util';
import fc, { type IAsyncProperty } from 'fast-check';
import { AMOUNT, byAmount } from '../../support/amount.js';

/** Cases of all suites together. */
const TOTAL = Number(
  process.env.FUZZ_RUNS ?? byAmount({ quick: 500, slow: 2500, long: 100_000 }),
);

/** Ms after which a suite ends, however far it is: machines differ. */
const LIMIT = byAmount({ quick: 10_000, slow: 15_000, long: Infinity });

/** The long form looks at the memory as well. */
export const isLong = AMOUNT === 'long';

/** Ms that one suite may take, by the test runner. */
export const TIMEOUT = isLong ? 3_600_000 : 120_000;

export const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);

const ran = new Map<string, number>();

/** Cases that go out together, before the peer is looked at. */
export const BATCH = 10;

/** Batches between two looks at the clock. */
const SLICE = isLong ? Infinity : 5;

/** Tries a property on this share of all cases, in batches; a failure says how to run it again. */
export async function fuzz<T>(
  property: IAsyncProperty<T>,
  share: number,
): Promise<void> {
  const total = Math.max(1, Math.round((TOTAL * share) / BATCH));
  const end = performance.now() + LIMIT;
  // Not an option of fast-check, which takes a case that hangs for one that time has cut off.
  for (let ran = 0; ran < total && performance.now() < end; ran += SLICE) {
    await tryOn(property, seed + ran, Math.min(SLICE, total - ran));
  }
}

async function tryOn<T>(
  property: IAsyncProperty<T>,
  from: number,
  batches: number,
): Promise<void> {
  const { failed, errorInstance, counterexample, numRuns } = await fc.check(
    property,
    {
      seed: from,
      numRuns: batches,
      // A peer keeps its state from case to case: smaller cases would run against another state.
      endOnFailure: true,
    },
  );
  if (failed) {
    const example = inspect(counterexample, { depth: 6, maxStringLength: 300 });
    throw new Error(
      `batch ${numRuns} of FUZZ_SEED=${from}: ${inspect(errorInstance)}\n${example.slice(0, 4000)}`,
      { cause: errorInstance },
    );
  }
}

/** Counts cases of a suite. */
export function count(suite: string, cases: number): void {
  ran.set(suite, (ran.get(suite) ?? 0) + cases);
}

/** Says what ran, and how to run it again. */
export function report(suite: string): void {
  console.log(`${suite}: ${ran.get(suite) ?? 0} cases, FUZZ_SEED=${seed}`);
}
