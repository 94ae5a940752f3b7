import { ArgumentError } from '../cli-arguments.js';
import { textTable } from '../report/table.js';
import { median } from '../statistics.js';
import { FLOOR_ROWS } from './floor-rows.js';
import type { Floor, FloorRow } from './floor.js';

export interface FloorOptions {
  /** Names of the rows to run; undefined: all. */
  rows: readonly string[] | undefined;
  /** How many seeds, from `seed` on. */
  seeds: number;
  seed: number;
}

/** Runs the scenarios with floors and prints how they did; false if anything is beyond its limit. */
export async function runFloors(options: FloorOptions): Promise<boolean> {
  const lines: string[][] = [];
  let sound = true;
  for (const row of rowsOf(options)) {
    const values = await valuesOf(row, options);
    for (const [key, floor] of Object.entries(row.floors)) {
      const bySeed = values.map((value) => value[key]!);
      const value = floor.over === 'median' ? median(bySeed) : worst(bySeed);
      const holds = value <= floor.limit;
      sound &&= holds;
      lines.push([
        row.name,
        floor.what,
        floor.format(floor.limit),
        floor.format(value),
        holds ? 'holds' : `FAILS, seeds ${failing(bySeed, floor, options)}`,
      ]);
      console.error(lines.at(-1)!.join('  '));
    }
  }
  console.log(
    textTable(['row', 'what', 'at most', 'measured', 'verdict'], lines),
  );
  return sound;
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

async function valuesOf(
  row: FloorRow,
  { seed, seeds }: FloorOptions,
): Promise<Record<string, number>[]> {
  const values: Record<string, number>[] = [];
  for (let current = seed; current < seed + seeds; current++) {
    try {
      values.push(await row.measure(current));
    } catch (error) {
      throw new Error(
        `${row.name} failed; repeat it with --check --rows ${row.name} --seeds 1 --seed ${current}`,
        { cause: error },
      );
    }
    console.error(`${row.name}, seed ${current}`, values.at(-1));
  }
  return values;
}

function worst(values: readonly number[]): number {
  return Math.max(...values);
}

function failing(
  values: readonly number[],
  { limit }: Floor,
  { seed }: FloorOptions,
): string {
  return values
    .flatMap((value, index) => (value <= limit ? [] : [seed + index]))
    .join(', ');
}
