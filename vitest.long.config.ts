import { defineConfig } from 'vitest/config';

/** The tests whose worth is in their number, in their long form: `npm run test:long`. */
export default defineConfig({
  test: {
    globals: true,
    root: './',
    include: [
      'test/e2e/messaging/broken-streams.spec.ts',
      'test/e2e/messaging/killed-receiver.spec.ts',
      'test/simulation/legacy-loss.spec.ts',
    ],
    env: { PEERCLOUD_LONG_TESTS: '1' },
    hookTimeout: 180_000,
  },
});
