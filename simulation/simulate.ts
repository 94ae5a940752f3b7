import {
  readArguments,
  runCommand,
  toNumber,
  toProfile,
} from './cli-arguments.js';
import { CLOCK_SKEW } from './cloud/cloud.options.js';
import { measureFigures, type FigureOptions } from './figures.js';
import { runFloors } from './floors/run-floors.js';
import { figuresTable, headline } from './report/figures-table.js';
import { flawsOf } from './report/flaws.js';
import { bytes } from './report/format.js';
import { plotConvergence } from './report/plot.js';

const USAGE = `Simulates a cloud in virtual time with the real membership core: joins, leaves, crashes, hosts that vanish,
stalls, partitions in both directions and in one, and restarts.

npm run simulate -- [options]
  --peers 1000      how many
  --minutes 10      virtual minutes of loss and stalls, after single events were measured
  --loss 0.05       probability that one direction of an exchange is lost
  --stalled 0.01    share of the peers that is stalled at any time, 10 to 30 s each
  --skew 2000       most ms by which a peer's clock is ahead or behind
  --seed 1          the same seed gives the same table
  --profile lan     lan, wan or local
  --plot file.svg   draws how updates spread
npm run simulate -- --check [options]
  --rows a,b        only these of the rows that must hold (see floors/)
  --seeds 5         how many seeds the medians are over
  --seed 1          the first of them
  --jobs 1          seeds measured at once, each in a process of its own`;

await runCommand(async () => {
  const values = readArguments(
    {
      peers: '1000',
      minutes: '10',
      loss: '0.05',
      stalled: '0.01',
      skew: String(CLOCK_SKEW),
      seed: '1',
      profile: 'lan',
      plot: '',
      check: false,
      rows: '',
      seeds: '5',
      jobs: '1',
    },
    USAGE,
  );
  const seed = toNumber(values.seed, 'seed', {
    min: 0,
    max: 2 ** 32,
    whole: true,
  });
  if (values.flags.has('check')) {
    return runFloors({
      rows: values.rows === '' ? undefined : values.rows.split(','),
      seeds: toNumber(values.seeds, 'seeds', { min: 1, max: 100, whole: true }),
      seed,
      jobs: toNumber(values.jobs, 'jobs', { min: 1, max: 64, whole: true }),
    });
  }
  return simulate(
    {
      peers: toNumber(values.peers, 'peers', {
        min: 10,
        max: 10_000,
        whole: true,
      }),
      minutes: toNumber(values.minutes, 'minutes', { min: 0, max: 10_000 }),
      loss: toNumber(values.loss, 'loss', { min: 0, max: 0.9 }),
      stalled: toNumber(values.stalled, 'stalled', { min: 0, max: 0.5 }),
      skew: toNumber(values.skew, 'skew', { min: 0, max: 86_400_000 }),
      profile: toProfile(values.profile),
      seed,
    },
    values.plot,
  );
});

async function simulate(
  options: FigureOptions,
  plot: string,
): Promise<boolean> {
  const start = performance.now();
  try {
    const figures = await measureFigures(options, (step) =>
      console.error(`… ${step}`),
    );
    console.log(`${headline(options)}\n\n${figuresTable(figures)}\n`);
    console.log(
      `On this machine: ${bytes(figures.memory)} of memory for each member in a peer; ${Math.round((performance.now() - start) / 1000)} s for the whole run.`,
    );
    if (plot !== '') {
      const { join, leave, crash, vanish } = figures;
      await plotConvergence(plot, headline(options), [
        { name: 'join', curves: join.curves },
        { name: 'leave', curves: leave.curves },
        { name: 'crash, refused', curves: crash.curves },
        { name: 'vanished host', curves: vanish.curves },
      ]);
      console.log(`Drawn to ${plot}.`);
    }
    const flaws = flawsOf(figures);
    for (const flaw of flaws) {
      console.error(`WRONG, seed ${options.seed}: ${flaw}`);
    }
    return flaws.length === 0;
  } catch (error) {
    throw new Error(`failed; repeat it with --seed ${options.seed}`, {
      cause: error,
    });
  }
}
