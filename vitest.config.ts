import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globals: true,
    root: './',
    include: ['src/**/*.spec.ts', 'test/**/*.spec.ts'],
    // Most of them wait most of the time, so three fill two processors. More would make peers wait for
    // the processor, and take each other for dead.
    maxWorkers: 3,
    // Modules are loaded once for each worker and not for each file, which saves more than a third of the time.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['**/*.spec.ts', '**/index.ts'],
    },
  },
});
