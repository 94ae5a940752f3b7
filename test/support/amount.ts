/**
 * How much a test does whose worth is in its number: `quick` in `npm test`, `slow` in `npm run test:slow`,
 * `long` in `npm run test:long` and `npm run fuzz`. The projects of vitest.config.ts say which it is.
 */
export type Amount = 'quick' | 'slow' | 'long';

export const AMOUNT = (process.env.TEST_AMOUNT ?? 'quick') as Amount;

/** What is right for the run that is at work. */
export function byAmount<T>(values: Record<Amount, T>): T {
  return values[AMOUNT];
}
