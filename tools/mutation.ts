import { dirname, relative } from 'node:path';
import { Stryker } from '@stryker-mutator/core';

type Mutant = Awaited<ReturnType<Stryker['runMutationTest']>>[number];

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

/** Changes the code one piece at a time, and runs the tests that reach that piece. */
async function mutate(what: string[], specs: string[]): Promise<Mutant[]> {
  // vitest.config.ts reads it, in the processes that run the tests.
  process.env.MUTATION_SPECS = specs.join(' ');
  return new Stryker({
    mutate: what,
    testRunner: 'vitest',
    vitest: { configFile: 'vitest.config.ts', related: false },
    coverageAnalysis: 'perTest',
    concurrency: Number(process.env.MUTATION_CONCURRENCY ?? 1),
    timeoutMS: 20_000,
    tempDirName: '.build/mutation',
    ignorePatterns: ['dist', '.build', 'bench', 'chaos', 'demo', 'examples'],
    reporters: ['progress-append-only'],
    allowEmpty: true,
  }).runMutationTest();
}

const isUnnoticed = ({ status }: Mutant): boolean =>
  status === 'Survived' || status === 'NoCoverage';

const isValid = (mutant: Mutant): boolean =>
  isUnnoticed(mutant) ||
  mutant.status === 'Killed' ||
  mutant.status === 'Timeout';

/** As Stryker takes it: its lines are counted from 1 and its columns from 0; in results both from 1. */
const rangeOf = ({ fileName, location: { start, end } }: Mutant): string =>
  `${relative('.', fileName)}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;

const describe = (mutant: Mutant): string =>
  `${rangeOf(mutant)} ${mutant.mutatorName}: ${mutant.replacement.replace(/\s+/g, ' ')}`;

/** `npm run test:mutation -- src/wire`, or one file; with `--own` its own specs alone are asked, which is quicker. */
const target = process.argv[2]?.replace(/\/$/, '');
const isOwn = process.argv.includes('--own');
if (!target?.startsWith('src/')) {
  throw new Error('say which folder or file under src: … -- src/security');
}
const isFile = target.endsWith('.ts');
const own = `${isFile ? dirname(target) : target}/**/*.spec.ts`;
const house = target.split('/').slice(0, 2).join('/');
const all = [`${house}/**/*.spec.ts`, ...(OVER_THE_NETWORK[house] ?? [])];

// The folder's own specs notice most of it, and are quick: the others see what is left.
const mutants = await mutate(
  isFile
    ? [target]
    : [`${target}/**/*.ts`, '!**/*.spec.ts', '!**/testing-support/**'],
  [own],
);
const left = isOwn ? [] : mutants.filter(isUnnoticed);
const again = new Map(
  (left.length > 0 ? await mutate(left.map(rangeOf), all) : []).map(
    (mutant) => [describe(mutant), mutant],
  ),
);
const results = mutants
  .map((mutant) =>
    isUnnoticed(mutant) ? (again.get(describe(mutant)) ?? mutant) : mutant,
  )
  .filter(isValid);
const unnoticed = results.filter(isUnnoticed);
for (const mutant of unnoticed) {
  console.log(describe(mutant).slice(0, 200));
}
const score = 100 * (1 - unnoticed.length / results.length);
console.log(
  `${target}: ${results.length} mutants, ${unnoticed.length} unnoticed, ${score.toFixed(1)} % noticed`,
);
if (score < LEAST) {
  console.error(`fewer than ${LEAST} %`);
  process.exitCode = 1;
}
