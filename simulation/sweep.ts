import {
  readArguments,
  runCommand,
  toNumber,
  toNumbers,
  toProfile,
} from './cli-arguments.js';
import { measureFigures, type Figures } from './figures.js';
import { count, duration, percent } from './report/format.js';
import { markdownTable } from './report/table.js';

const USAGE = `Simulates clouds of several sizes and losses and prints a table in Markdown.

npm run simulate:sweep -- [options]
  --peers 10,100,1000       sizes
  --losses 0,0.05,0.25      probabilities that one direction of an exchange is lost
  --minutes 5               virtual minutes of stalls in each cloud
  --stalled 0.01            share of the peers that is stalled then
  --seed 1
  --profile lan             lan, wan or local`;

const COLUMNS: readonly [string, (figures: Figures) => string][] = [
  ['join 50 %', ({ join }) => duration(join.half)],
  ['join 99 %', ({ join }) => duration(join.most)],
  ['join 100 %', ({ join }) => duration(join.all)],
  ['leave 99 %', ({ leave }) => duration(leave.most)],
  ['crash, all', ({ crash }) => duration(crash.all)],
  ['vanished, all', ({ vanish }) => duration(vanish.all)],
  ['requests/s at rest', ({ rest }) => count(rest.requests)],
  ['requests/s with stalls', ({ churn }) => count(churn.load.requests)],
  ['healthy, suspected', ({ churn }) => count(churn.suspected)],
  ['healthy, declared dead', ({ churn }) => count(churn.declaredDead)],
];

await runCommand(async () => {
  const values = readArguments(
    {
      peers: '10,100,1000',
      losses: '0,0.05,0.25',
      minutes: '5',
      stalled: '0.01',
      seed: '1',
      profile: 'lan',
    },
    USAGE,
  );
  const sizes = toNumbers(values.peers, 'peers', {
    min: 10,
    max: 10_000,
    whole: true,
  });
  const losses = toNumbers(values.losses, 'losses', { min: 0, max: 0.9 });
  const seed = toNumber(values.seed, 'seed', {
    min: 0,
    max: 2 ** 32,
    whole: true,
  });
  const minutes = toNumber(values.minutes, 'minutes', { min: 0, max: 10_000 });
  const stalled = toNumber(values.stalled, 'stalled', { min: 0, max: 0.5 });
  const profile = toProfile(values.profile);
  const rows: string[][] = [];
  for (const peers of sizes)
    for (const loss of losses) {
      console.error(`… ${count(peers)} peers, ${percent(loss)} loss`);
      const figures = await measureFigures({
        peers,
        loss,
        minutes,
        stalled,
        seed,
        profile,
      });
      rows.push([
        count(peers),
        percent(loss),
        ...COLUMNS.map(([, value]) => value(figures)),
      ]);
    }
  console.log(
    markdownTable(['peers', 'loss', ...COLUMNS.map(([name]) => name)], rows),
  );
  return true;
});
