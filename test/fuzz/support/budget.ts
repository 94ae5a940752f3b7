import { inspect } from 'node:util';
import fc, { type IAsyncProperty } from 'fast-check';

/** Cases of all suites together; `npm run fuzz` sets 100,000. */
const TOTAL = Number(process.env.FUZZ_RUNS ?? 4000);

/** Ms after which a suite of the short form ends, however far it is: machines differ. */
const SHORT_LIMIT = 12_000;

/** True in the long form, which is not bounded in time and looks at the memory as well. */
export const isLong = TOTAL >= 20_000;

/** Ms that one suite may take, by the test runner. */
export const TIMEOUT = isLong ? 3_600_000 : 120_000;

export const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);

const ran = new Map<string, number>();

/** Cases that go out together, before the peer is looked at. */
export const BATCH = 10;

/** Batches between two looks at the clock, in the short form. */
const SLICE = 5;

/** Tries a property on this share of all cases, in batches; a failure says how to run it again. */
export async function fuzz<T>(
  property: IAsyncProperty<T>,
  share: number,
): Promise<void> {
  const total = Math.max(1, Math.round((TOTAL * share) / BATCH));
  const end = performance.now() + (isLong ? Infinity : SHORT_LIMIT);
  const slice = isLong ? total : SLICE;
  // Not an option of fast-check, which takes a case that hangs for one that time has cut off.
  for (let ran = 0; ran < total && performance.now() < end; ran += slice) {
    await tryOn(property, seed + ran, Math.min(slice, total - ran));
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
