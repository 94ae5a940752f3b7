import {
  readArguments,
  runCommand,
  toNumber,
  toNumbers,
  toProfile,
} from './cli-arguments.js';
import {
  measureUpdates,
  measureRestAndJoin,
  type FigureOptions,
  type UpdateFigures,
} from './figures.js';
import { flawsOf } from './report/flaws.js';
import { count, duration, percent } from './report/format.js';
import { markdownTable } from './report/table.js';

const USAGE = `Simulates clouds of several sizes and losses and prints a table in Markdown.

npm run simulate:sweep -- [options]
  --peers 10,100,1000,5000  sizes; above 2,000 joins and the load at rest only
  --losses 0,0.05,0.25      probabilities that one direction of an exchange is lost; above 2,000 peers
                            those up to 0.1 only
  --minutes 10              virtual minutes of stalls, up to 100 peers; fewer in proportion above
  --stalled 0.01            share of the peers that is stalled then
  --seed 1
  --profile lan             lan, wan or local`;

/** Up to this size a cloud is run through everything. */
const LARGE = 2000;

/**
 * Largest loss for clouds above that size: at 25 %, half of all exchanges fail, and each of thousands of
 * lists has hundreds of suspects at a time, which takes more memory and hours than anybody has.
 */
const LARGE_LOSS = 0.1;

/** Up to this size it stalls for all the minutes. */
const SMALL = 100;

type Cell = (figures: Partial<UpdateFigures>) => string;

const COLUMNS: readonly [string, Cell][] = [
  ['join 50 %', ({ join }) => duration(join?.half ?? NaN)],
  ['join 99 %', ({ join }) => duration(join?.most ?? NaN)],
  ['join 100 %', ({ join }) => duration(join?.all ?? NaN)],
  ['leave 99 %', ({ leave }) => duration(leave?.most ?? NaN)],
  ['crash, all', ({ crash }) => duration(crash?.all ?? NaN)],
  ['vanished, all', ({ vanish }) => duration(vanish?.all ?? NaN)],
  ['requests/s at rest', ({ rest }) => count(rest?.requests ?? NaN)],
  ['requests/s with stalls', ({ churn }) => count(churn?.load.requests ?? NaN)],
  ['healthy, suspected', ({ churn }) => count(churn?.suspected ?? NaN)],
  ['healthy, declared dead', ({ churn }) => count(churn?.declaredDead ?? NaN)],
];

/** What one cloud shows; large ones are spared what would take hours. */
async function measure(
  options: FigureOptions,
): Promise<Partial<UpdateFigures>> {
  const { peers, minutes } = options;
  if (peers > LARGE) {
    const { rest, join, cloud } = await measureRestAndJoin(options);
    return { rest, join, errors: cloud.network.errors };
  }
  const share = Math.min(1, SMALL / peers);
  return measureUpdates({ ...options, minutes: minutes * share });
}

await runCommand(async () => {
  const values = readArguments(
    {
      peers: '10,100,1000,5000',
      losses: '0,0.05,0.25',
      minutes: '10',
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
  let sound = true;
  for (const peers of sizes) {
    for (const loss of losses) {
      const cell = `${count(peers)} peers, ${percent(loss)} loss`;
      if (peers > LARGE && loss > LARGE_LOSS) {
        console.error(`left out, too large: ${cell}`);
        continue;
      }
      console.error(`… ${cell}`);
      const figures = await measure({
        peers,
        loss,
        minutes,
        stalled,
        seed,
        profile,
      }).catch((cause: unknown) => {
        throw new Error(`${cell} failed with --seed ${seed}`, { cause });
      });
      for (const flaw of flawsOf(figures)) {
        sound = false;
        console.error(
          `WRONG, ${peers} peers, loss ${loss}, seed ${seed}: ${flaw}`,
        );
      }
      rows.push([
        count(peers),
        percent(loss),
        ...COLUMNS.map(([, value]) => value(figures)),
      ]);
    }
  }
  console.log(
    markdownTable(['peers', 'loss', ...COLUMNS.map(([name]) => name)], rows),
  );
  return sound;
});
