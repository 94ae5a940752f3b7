import { ArgumentError } from '../cli-arguments.js';
import { textTable } from '../report/table.js';
import { FLOOR_ROWS } from './floor-rows.js';
import type { FloorRow } from './floor.js';
import { measureRow } from './row-process.js';
import { judge } from './verdict.js';

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
    const verdict = judge(row, values, options.seed);
    sound &&= verdict.sound;
    for (const line of verdict.lines) {
      console.error(line.join('  '));
    }
    lines.push(...verdict.lines);
  }
  console.log(
    textTable(['row', 'what', 'at most', 'measured', 'verdict'], lines),
  );
  return sound;
}

function rowsOf({ rows }: FloorOptions): readonly FloorRow[] {
  if (!rows) {
    return FLOOR_ROWS;
  }
  const known = FLOOR_ROWS.map(({ name }) => name);
  for (const name of rows) {
    if (!known.includes(name)) {
      throw new ArgumentError(
        `--rows ${name}: must be among ${known.join(', ')}`,
      );
    }
  }
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
