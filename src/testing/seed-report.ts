// Kept, since tests put another one in its place, which stands still.
const { setImmediate } = globalThis;

/** Where jest-circus keeps the test that runs; it has no other way to ask. */
const CIRCUS = 'JEST_STATE_SYMBOL';

/** The same of vitest. */
const VITEST = '__vitest_worker__';

/**
 * Prints the seed of a cloud if the test that makes it fails, in vitest and jest. With another runner it is in
 * the messages of the cloud's own errors only.
 *
 * @returns to be called when the cloud is closed
 */
export function reportSeed(seed: number): () => void {
  const errors = errorsOfTest();
  // The test fails after what it has opened is closed.
  return () =>
    void setImmediate(() => {
      if (errors().length > 0) {
        console.error(
          `The test cloud had the seed ${seed}: createTestCloud(…, { seed: ${seed} }) repeats what chance decided.`,
        );
      }
    });
}

/** What the running test will have failed with. */
function errorsOfTest(): () => readonly unknown[] {
  const symbol = Object.getOwnPropertySymbols(globalThis).find(
    ({ description }) => description === CIRCUS,
  );
  const places = globalThis as Record<PropertyKey, any>;
  const test = symbol && places[symbol]?.currentlyRunningTest;
  const task = places[VITEST]?.current;
  return () => test?.errors ?? task?.result?.errors ?? [];
}
