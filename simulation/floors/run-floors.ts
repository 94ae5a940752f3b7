import { ArgumentError } from '../cli-arguments.js';
import { textTable } from '../report/table.js';
import { median, quantile } from '../statistics.js';
import { FLOOR_ROWS } from './floor-rows.js';
import type { Floor, FloorRow } from './floor.js';
import { measureRow } from './row-process.js';

export interface FloorOptions {
  /** Names of the rows to run; undefined: all. */
  rows: readonly string[] | undefined;
  /** How many seeds, from `seed` on. */
  seeds: number;
  seed: number;
  /** Seeds measured at once. */
  jobs: number;
}

/** Runs the scenarios with floors and prints how they did; false if anything is beyond its limit. */
export async function runFloors(options: FloorOptions): Promise<boolean> {
  const lines: string[][] = [];
  let sound = true;
  for (const row of rowsOf(options)) {
    const values = await valuesOf(row, options);
    for (const [key, floor] of Object.entries(row.floors)) {
      const bySeed = values.map((value) => value[key]!);
      const failed = bySeed.flatMap((value, index) =>
        value <= floor.limit ? [] : [options.seed + index],
      );
      const value =
        floor.over === 'median' ? median(bySeed) : quantile(bySeed, 1);
      const holds = value <= floor.limit;
      sound &&= holds;
      const verdict = holds ? 'holds' : `FAILS, seeds ${failed.join(', ')}`;
      lines.push([row.name, ...describe(floor, value, verdict)]);
      console.error(lines.at(-1)!.join('  '));
    }
  }
  console.log(
    textTable(['row', 'what', 'at most', 'measured', 'verdict'], lines),
  );
  return sound;
}

function describe(floor: Floor, value: number, verdict: string): string[] {
  const { what, limit } = floor;
  return limit === Infinity
    ? [what, '-', floor.format(value), '-']
    : [what, floor.format(limit), floor.format(value), verdict];
}

function rowsOf({ rows }: FloorOptions): readonly FloorRow[] {
  if (!rows) return FLOOR_ROWS;
  const known = FLOOR_ROWS.map(({ name }) => name);
  for (const name of rows)
    if (!known.includes(name))
      throw new ArgumentError(
        `--rows ${name}: must be among ${known.join(', ')}`,
      );
  return FLOOR_ROWS.filter(({ name }) => rows.includes(name));
}

/** A row's values, seed by seed. */
async function valuesOf(
  { name }: FloorRow,
  { seed, seeds, jobs }: FloorOptions,
): Promise<Record<string, number>[]> {
  const values: Record<string, number>[] = [];
  let next = 0;
  const work = async () => {
    while (next < seeds) {
      const index = next++;
      values[index] = await valueOf(name, seed + index);
      console.error(`${name}, seed ${seed + index}`, values[index]);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return values;
}

async function valueOf(
  name: string,
  seed: number,
): Promise<Record<string, number>> {
  try {
    return await measureRow(name, seed);
  } catch (cause) {
    throw new Error(
      `${name} failed; repeat it with --check --rows ${name} --seeds 1 --seed ${seed}`,
      { cause },
    );
  }
}
