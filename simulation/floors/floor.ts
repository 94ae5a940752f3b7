/** One number that a scenario shows. */
export interface Floor {
  what: string;
  /** It must not be more; Infinity: it is reported only. */
  limit: number;
  format(value: number): string;
  /** How the seeds' values become one: their median, or the worst of them. */
  over: 'median' | 'worst';
}

/** A scenario with its floors; `measure` gives one value for each of them. */
export interface FloorRow<K extends string = string> {
  name: string;
  floors: Record<K, Floor>;
  measure(seed: number): Promise<Record<K, number>>;
}

/** Keeps the keys of floors and measures equal. */
export function floorRow<K extends string>(row: FloorRow<K>): FloorRow {
  return row;
}
