import {
  clockMs,
  NotingStore,
  openReplica,
  type CacheEnv,
  type CacheReplica,
} from '../cache/cache-replicas.js';
import { Schedule } from '../load/schedule.js';
import { serve } from './rpc.js';

/** Keys that are dropped one after another. */
export interface DropPlan {
  /** Drops a second, at random (Poisson) distances. */
  rate: number;
  durationMs: number;
}

const PATIENCE = 30_000;

const store = new NotingStore();
let replica: CacheReplica;

async function open(env: CacheEnv): Promise<number | undefined> {
  replica = await openReplica(env, store);
  return replica.port;
}

/** Resolves once this replica knows so many others, and has an entry for each key. */
async function prepare(plan: { others: number; keys: number }): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  while ((replica.others() ?? plan.others) !== plan.others) {
    if (performance.now() > deadline) {
      throw new Error(`a replica does not know ${plan.others} others`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  for (let n = 0; n < plan.keys; n++) {
    await replica.fill(`key-${n}`);
  }
  store.deleted.clear();
}

/** Drops keys at the times at which they are due, and tells these. */
async function drop({ rate, durationMs }: DropPlan): Promise<Float64Array> {
  const due: number[] = [];
  const start = clockMs();
  const schedule = new Schedule(start, start + durationMs, rate, true);
  while (!schedule.isOver) {
    const now = clockMs();
    for (let at = schedule.take(now); at !== undefined;) {
      replica.drop(`key-${due.length}`);
      due.push(at);
      at = schedule.take(now);
    }
    // Turning on the spot, since timers are a millisecond coarse.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return Float64Array.from(due);
}

/** When each of the first so many keys was dropped here; NaN for those that were not. */
function dropped({ keys }: { keys: number }): Float64Array {
  return Float64Array.from(
    { length: keys },
    (_, n) => store.deleted.get(`key-${n}`) ?? NaN,
  );
}

serve({ open, prepare, drop, dropped });
