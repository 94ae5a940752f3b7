import type { SeededRandom } from './seeded-random.js';
import type { Clock } from '../../membership/index.js';

/** Time that one direction of an exchange takes, in ms. */
export type Latency = (random: Pick<SeededRandom, 'next'>) => number;

const QUANTILES = 4096;

/**
 * Latencies as networks show them: most near the median, a long tail (log-normal).
 * @param median ms for one direction
 * @param spread standard deviation of the logarithm; 0.6 makes the slowest percent four times the median
 */
export function logNormalLatency(median: number, spread = 0.6): Latency {
  const quantiles = Float64Array.from(
    { length: QUANTILES },
    (_, index) =>
      median * Math.exp(spread * normalQuantile((index + 0.5) / QUANTILES)),
  );
  return (random) => quantiles[Math.floor(random.next() * QUANTILES)]!;
}

/** Always the same time, in ms. */
export function fixedLatency(ms: number): Latency {
  return () => ms;
}

/**
 * Latency where all processes share one processor: each message waits until those before it are done.
 * @param work ms of the processor that one direction of an exchange takes
 * @param wire what the network adds
 */
export function sharedProcessor(
  clock: Pick<Clock, 'monotonic'>,
  work: number,
  wire: Latency,
): Latency {
  let free = 0;
  return (random) => {
    const now = clock.monotonic();
    free = Math.max(free, now) + work;
    return free - now + wire(random);
  };
}

/** Inverse of the standard normal distribution by bisection; only used to fill a table. */
function normalQuantile(share: number): number {
  let low = -8;
  let high = 8;
  while (high - low > 1e-9) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < share) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

/** Share of the standard normal distribution below x (Zelen and Severo's approximation). */
function normalShare(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const tail =
    (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) *
    t *
    (0.31938153 +
      t *
        (-0.356563782 +
          t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return x > 0 ? 1 - tail : tail;
}
