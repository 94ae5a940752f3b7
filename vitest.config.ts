import { defineConfig } from 'vitest/config';

/** Specs whose worth is in their number: `npm test` does a little of each, `npm run test:slow` much. */
const COUNTED = [
  'src/membership/core/legacy/legacy-members.spec.ts',
  'test/fuzz/**/*.spec.ts',
  'test/interop/{departures,pairs}.spec.ts',
  'test/integrations/cache/no-stale-value.spec.ts',
  'test/simulation/restart.spec.ts',
  'test/e2e/messaging/{broken-streams,dead-members,killed-receiver,replies,reply-frames}.spec.ts',
  'test/e2e/messaging/{silent-connections,unreachable}.spec.ts',
  'test/e2e/module/clouds.spec.ts',
  'test/e2e/protocol/mutations.spec.ts',
  'test/e2e/security/{floods,own-listener}.spec.ts',
];

/** Specs of what takes long: a part of it would say little. */
const ONLY_SLOW = [
  'test/**/*.slow.spec.ts',
  'test/e2e/module/join-storm.spec.ts',
  'test/integrations/microservices/killed-handler.spec.ts',
  'test/simulation/{detection,joining,legacy,legacy-loss,partition,simulator}.spec.ts',
];

/** Specs that run on NATS as well: what they show is not of HTTP. */
const ON_NATS = [
  'test/e2e/keys/keys.spec.ts',
  'test/e2e/messaging/{channels,contexts,odd-values,replies,settled-channel}.spec.ts',
  'test/e2e/module/events.spec.ts',
  'test/integrations/{cache/peer-cache,graphql/*,microservices/requests,rooms/*,throttler/*}.spec.ts',
  'test/integrations/schedule/*[a-z].spec.ts',
];

const COMMON = {
  globals: true,
  // Modules are loaded once for each worker and not for each file, which saves more than a third of the time.
  isolate: false,
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

/** Set by `npm run test:mutation`: the specs that judge the folder, instead of all projects. */
const { MUTATION_SPECS } = process.env;

export default defineConfig(({ mode }) => ({
  test: {
    // Most of them wait most of the time, so three fill two processors. More would make peers wait for
    // the processor, and take each other for dead.
    maxWorkers: 3,
    projects: MUTATION_SPECS
      ? [
          {
            test: {
              ...COMMON,
              name: 'mutation',
              include: MUTATION_SPECS.split(' '),
            },
          },
        ]
      : [
          { test: { ...COMMON, name: 'unit', include: ['src/**/*.spec.ts'] } },
          {
            test: {
              ...COMMON,
              name: 'e2e',
              include: ['test/**/*.spec.ts'],
              exclude: ONLY_SLOW,
            },
          },
          {
            test: {
              ...COMMON,
              name: 'slow',
              include: [...ONLY_SLOW, ...COUNTED],
              env: { TEST_AMOUNT: mode === 'long' ? 'long' : 'slow' },
              hookTimeout: 180_000,
            },
          },
          {
            test: {
              ...COMMON,
              name: 'nats',
              include: ON_NATS,
              exclude: ONLY_SLOW,
              env: { PEERCLOUD_TRANSPORT: 'nats' },
            },
          },
        ],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['**/*.spec.ts', '**/index.ts'],
    },
  },
}));
