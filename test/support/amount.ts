/**
 * How much a test does whose worth is in its number: `quick` in `npm test`, `slow` in `npm run test:slow`,
 * `long` in `npm run test:long` and `npm run fuzz`. The projects of vitest.config.ts say which it is.
 */
export type Amount = 'quick' | 'slow' | 'long';

export const AMOUNT = (process.env.TEST_AMOUNT ?? 'quick') as Amount;

/** The first of some cases in `npm test`, all of them otherwise: each says nearly the same, and takes long. */
export function someOf<T>(cases: readonly T[], quick: number): readonly T[] {
  return AMOUNT === 'quick' ? cases.slice(0, quick) : cases;
}

/** What is right for the run that is at work. */
export function byAmount<T>(values: Record<Amount, T>): T {
  return values[AMOUNT];
}
