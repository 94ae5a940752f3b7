import { median, quantile } from '../statistics.js';
import type { Floor, FloorRow } from './floor.js';

/** How a row did. */
export interface RowVerdict {
  /** False if anything is beyond its limit. */
  sound: boolean;
  /** For each floor: row, what, at most, measured, verdict. */
  lines: string[][];
}

/**
 * Compares a row's values with its limits.
 * @param values by seed, from `firstSeed` on
 */
export function judge(
  row: FloorRow,
  values: readonly Record<string, number>[],
  firstSeed: number,
): RowVerdict {
  const lines: string[][] = [];
  let sound = true;
  for (const [key, floor] of Object.entries(row.floors)) {
    const bySeed = values.map((value) => value[key]!);
    const failed = bySeed.flatMap((value, index) =>
      value <= floor.limit ? [] : [firstSeed + index],
    );
    const value =
      floor.over === 'median' ? median(bySeed) : quantile(bySeed, 1);
    const holds = value <= floor.limit;
    sound &&= holds;
    const verdict = holds ? 'holds' : `FAILS, seeds ${failed.join(', ')}`;
    lines.push([row.name, ...describe(floor, value, verdict)]);
  }
  return { sound, lines };
}

function describe(floor: Floor, value: number, verdict: string): string[] {
  const { what, limit } = floor;
  return limit === Infinity
    ? [what, '-', floor.format(value), '-']
    : [what, floor.format(limit), floor.format(value), verdict];
}
