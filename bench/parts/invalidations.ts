import { setTimeout } from 'node:timers/promises';
import {
  CACHES,
  type CacheEnv,
  type CacheName,
} from '../cache/cache-replicas.js';
import { LatencyHistogram } from '../load/latency-histogram.js';
import { describe } from '../load/outcome.js';
import type { BenchContext } from '../runner/bench-context.js';
import { BenchProcess } from '../runner/child-process.js';
import type { Job } from '../runner/job.js';

export const INVALIDATIONS = 'invalidations';

const HOST = '127.0.0.1';
const CHILD = new URL('../child/cache.js', import.meta.url).pathname;
const CALL_TIMEOUT = 60_000;
const REPLICAS = 3;
/** Drops a second. */
const RATE = 1_000;
/** What is under way at the end has arrived, or is lost. */
const REST_MS = 1_000;
const START_MS = 3_000;

/** Keys that one replica drops, until the last of the others has dropped them. */
export function invalidations(context: BenchContext): Job[] {
  const { quick, rounds, warmUpMs, measureMs } = context.options;
  const names = Object.keys(CACHES) as CacheName[];
  return Array.from({ length: quick ? 1 : rounds }, (_, round) =>
    (round % 2 === 0 ? names : names.toReversed()).map((name) => ({
      ms: START_MS + warmUpMs + measureMs + 2 * REST_MS,
      run: () => measure(context, name),
    })),
  ).flat();
}

async function measure(context: BenchContext, name: CacheName): Promise<void> {
  const { options, brokers, samples } = context;
  const redis = brokers.ports.redis;
  if (name === 'redis-cache' && redis === undefined) {
    samples.fail(INVALIDATIONS, name, 'redis-server is not installed here');
    return;
  }
  const replicas: BenchProcess[] = [];
  try {
    await open(replicas, name, redis ?? 0, options.profile);
    await run(replicas, options.warmUpMs);
    const { latencies, lost } = await run(replicas, options.measureMs);
    if (lost > 0) {
      samples.fail(INVALIDATIONS, name, `${lost} were not dropped everywhere`);
    }
    const { p50, p99 } = latencies.summary();
    samples.add(INVALIDATIONS, name, { p50, p99 });
    context.say(
      `${INVALIDATIONS}: ${name} ${p50.toFixed(2)} / ${p99.toFixed(2)} ms`,
    );
  } catch (error) {
    samples.fail(INVALIDATIONS, name, describe(error));
    context.say(`${INVALIDATIONS} ${name}: ${describe(error)}`);
  } finally {
    await Promise.all(replicas.map((replica) => replica.stop()));
  }
}

async function open(
  replicas: BenchProcess[],
  cache: CacheName,
  redis: number,
  profile: string | undefined,
): Promise<void> {
  let seed: number | undefined;
  for (let opened = 0; opened < REPLICAS; opened++) {
    const replica = await BenchProcess.start(CHILD, [], profile);
    replicas.push(replica);
    const env: CacheEnv = { cache, host: HOST, redis, seed };
    const port = await replica.call<number>('open', env, CALL_TIMEOUT);
    seed ??= port;
  }
}

/** Drops keys at the first replica, and compares when they were due with when the others dropped them. */
async function run(
  replicas: readonly BenchProcess[],
  durationMs: number,
): Promise<{ latencies: LatencyHistogram; lost: number }> {
  const call = <T>(at: number, method: string, args: unknown): Promise<T> =>
    replicas[at]!.call<T>(method, args, CALL_TIMEOUT);
  // More than chance will make due.
  const plan = { others: REPLICAS - 1, keys: (2 * durationMs * RATE) / 1_000 };
  await Promise.all(replicas.map((_, at) => call(at, 'prepare', plan)));
  const due = await call<Float64Array>(0, 'drop', { rate: RATE, durationMs });
  await setTimeout(REST_MS);
  const dropped = await Promise.all(
    [1, 2].map((at) => call<Float64Array>(at, 'dropped', { keys: due.length })),
  );
  const latencies = new LatencyHistogram();
  let lost = 0;
  due.forEach((at, n) => {
    const ms = Math.max(...dropped.map((times) => times[n]!)) - at;
    if (Number.isNaN(ms)) {
      lost++;
    } else {
      latencies.record(ms);
    }
  });
  return { latencies, lost };
}
