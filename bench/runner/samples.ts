/** Identifies a figure: what was measured, of whom, in which unit. */
export interface FigureKey {
  /** For example `request-reply/60/64`. */
  cell: string;
  contender: string;
  /** For example `rate` or `p50`. */
  metric: string;
}

/** Samples as they are kept in a file. */
export interface SavedSamples {
  figures: [key: string, values: number[]][];
  failures: [key: string, reason: string][];
}

/** Every figure of a run, one for each round, and what failed. */
export class Samples {
  readonly #figures: Map<string, number[]>;
  readonly #failures: Map<string, string>;

  constructor({ figures, failures }: Partial<SavedSamples> = {}) {
    this.#figures = new Map(figures);
    this.#failures = new Map(failures);
  }

  toJSON(): SavedSamples {
    return { figures: [...this.#figures], failures: [...this.#failures] };
  }

  add(
    cell: string,
    contender: string,
    metrics: Record<string, number | undefined>,
  ): void {
    for (const [metric, value] of Object.entries(metrics)) {
      if (value === undefined) {
        continue;
      }
      const key = keyOf({ cell, contender, metric });
      const values = this.#figures.get(key);
      if (values) {
        values.push(value);
      } else {
        this.#figures.set(key, [value]);
      }
    }
  }

  fail(cell: string, contender: string, reason: string): void {
    this.#failures.set(`${cell} ${contender}`, reason);
  }

  failure(cell: string, contender: string): string | undefined {
    return this.#failures.get(`${cell} ${contender}`);
  }

  /** Whether anything went wrong in the cell, or in the whole part that it belongs to. */
  hasFailed(cell: string, contender: string): boolean {
    const [part] = cell.split('/');
    return [cell, part!].some((name) => this.failure(name, contender));
  }

  /** Everything that failed, as [cell and contender, reason]. */
  allFailures(): [string, string][] {
    return [...this.#failures];
  }

  values(key: FigureKey): readonly number[] {
    return this.#figures.get(keyOf(key)) ?? [];
  }

  median(key: FigureKey): number | undefined {
    return median(this.values(key));
  }
}

/** The middle value, or the mean of the two in the middle; undefined of nothing. */
export function median(values: readonly number[]): number | undefined {
  if (values.length === 0) {
    return undefined;
  }
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? sorted[middle]
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function keyOf({ cell, contender, metric }: FigureKey): string {
  return `${cell} ${contender} ${metric}`;
}
