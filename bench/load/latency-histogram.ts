const UNITS_PER_MS = 10_000;
const SUB_BUCKETS = 64;
const SUB_BITS = 6;
const EXPONENTS = 32 - SUB_BITS;

/** What is kept of many latencies, in ms. */
export interface LatencySummary {
  p50: number;
  p99: number;
  p999: number;
  max: number;
}

/** Counts latencies in buckets of at most 1.6 % width: constant memory, no sorting. */
export class LatencyHistogram {
  readonly #buckets = new Uint32Array(SUB_BUCKETS * (EXPONENTS + 1));
  #highest = 0;
  count = 0;

  record(ms: number): void {
    if (ms > this.#highest) {
      this.#highest = ms;
    }
    const units = Math.min(Math.max(ms * UNITS_PER_MS, 0), 0x7fffffff) | 0;
    const shift = Math.max(0, 31 - SUB_BITS - Math.clz32(units) + 1);
    this.#buckets[shift * SUB_BUCKETS + (units >>> shift)]!++;
    this.count++;
  }

  /** Upper edge in ms of the bucket that holds the given share (0 to 1) of all. */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(this.count * share));
    let seen = 0;
    for (let index = 0; index < this.#buckets.length; index++) {
      seen += this.#buckets[index]!;
      if (seen >= rank) {
        return Math.min(upperEdge(index), this.#highest);
      }
    }
    return 0;
  }

  summary(): LatencySummary {
    return {
      p50: this.quantile(0.5),
      p99: this.quantile(0.99),
      p999: this.quantile(0.999),
      max: this.#highest,
    };
  }
}

function upperEdge(index: number): number {
  const shift = Math.floor(index / SUB_BUCKETS);
  const units = ((index % SUB_BUCKETS) + 1) * 2 ** shift;
  return units / UNITS_PER_MS;
}
