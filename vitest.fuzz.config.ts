import { defineConfig } from 'vitest/config';

/** The long form of the fuzzing suites: `npm run fuzz`, or with FUZZ_RUNS and FUZZ_SEED of one's own. */
export default defineConfig({
  test: {
    globals: true,
    root: './',
    include: ['test/fuzz/**/*.spec.ts'],
    env: { FUZZ_RUNS: process.env.FUZZ_RUNS ?? '100000' },
    hookTimeout: 120_000,
  },
});
