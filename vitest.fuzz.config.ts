import { defineConfig } from 'vitest/config';

/**
 * The long form of the fuzzing suites and of the large attacks: `npm run fuzz`, or with FUZZ_RUNS,
 * FUZZ_SEED, ATTACK_MEMBERS and ATTACK_CONNECTIONS of one's own.
 */
export default defineConfig({
  test: {
    globals: true,
    root: './',
    include: [
      'test/fuzz/**/*.spec.ts',
      'test/e2e/security/floods.spec.ts',
      'test/e2e/security/own-listener.spec.ts',
    ],
    env: {
      FUZZ_RUNS: process.env.FUZZ_RUNS ?? '100000',
      ATTACK_MEMBERS: process.env.ATTACK_MEMBERS ?? '100000',
      ATTACK_CONNECTIONS: process.env.ATTACK_CONNECTIONS ?? '10000',
    },
    hookTimeout: 120_000,
  },
});
