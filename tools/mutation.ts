import { Stryker } from '@stryker-mutator/core';

/** Per cent of the mutants that the tests have to notice. */
const LEAST = 85;

/** Tests over the network that judge a folder besides its own specs: those among them that are quick. */
const OVER_THE_NETWORK: Record<string, string[]> = {
  'src/messaging': [
    'test/e2e/messaging/{bad-replies,channels,raw-frames,stream-lane}.spec.ts',
    'test/e2e/module/two-peers.spec.ts',
    'test/e2e/protocol/message-outcomes.spec.ts',
  ],
  'src/protocol': [
    'test/e2e/protocol/{bad-input,endpoints,gate,joining,message-outcomes,self-check,wire-rules}.spec.ts',
  ],
  'src/security': [
    'test/e2e/security/{attacks,member-keys,signed-cloud,signed-refusals}.spec.ts',
  ],
};

/** `npm run test:mutation -- src/wire`, or one file: changes its code one piece at a time, and runs the tests. */
const target = process.argv[2]?.replace(/\/$/, '');
if (!target?.startsWith('src/')) {
  throw new Error('say which folder or file under src: … -- src/security');
}
const [, house] = target.split('/');
process.env.MUTATION_SPECS = [
  `src/${house}/**/*.spec.ts`,
  ...(OVER_THE_NETWORK[`src/${house}`] ?? []),
].join(' ');

const results = await new Stryker({
  mutate: target.endsWith('.ts')
    ? [target]
    : [`${target}/**/*.ts`, '!**/*.spec.ts', '!**/testing-support/**'],
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  concurrency: Number(process.env.MUTATION_CONCURRENCY ?? 1),
  timeoutMS: 20_000,
  tempDirName: '.build/mutation',
  ignorePatterns: ['dist', '.build', 'bench', 'chaos', 'demo', 'examples'],
  reporters: ['clear-text', 'progress-append-only', 'json'],
  clearTextReporter: { allowColor: false, logTests: false },
  jsonReporter: {
    fileName: `.build/mutation-${target.replaceAll('/', '-')}.json`,
  },
  thresholds: { high: 95, low: LEAST, break: LEAST },
}).runMutationTest();
console.log(`${results.length} mutants of ${target}`);
