import { setTimeout } from 'node:timers/promises';
import type { FanOut } from '../contender.js';
import { describe } from '../load/outcome.js';
import type { BenchContext } from '../runner/bench-context.js';
import type { Job } from '../runner/job.js';
import type { Stage } from '../runner/stage.js';
import { noteErrors } from './note-errors.js';
import { staged } from './staged.js';
import { turns } from './turns.js';

/** Sizes of the clouds: more streams than `maxStreams`, and as many apps as two cores can start. */
export const FAN_OUT_PEERS = [600];

const CONCURRENCY = [64, 128, 256, 512, 1_024];
const ALL_STREAMS = 2_048;
/** What is measured: a stream to every peer, and last what users get who set nothing. */
export const FAN_OUTS: readonly FanOut[] = [
  ...CONCURRENCY.map((concurrency) => ({ concurrency, streams: ALL_STREAMS })),
  { concurrency: 512, streams: 512 },
];

const PROCESSES = 3;
const BYTES = 60;
/** Until the cloud is at rest after all the joins of its peers. */
const REST_MS = 25_000;
/** Until gossip has told all of them of the sender; crowded peers hear of it every two seconds only. */
const SETTLE_MS = 14_000;
const WARM_UP_MS = 1_000;
/** How often some more time is given to those that do not know the sender yet, and how much. */
const WARM_UPS = 5;
const MORE_MS = 2_000;
/** What joining so large a cloud takes. */
const JOIN_MS = 1_000;
/** Settings that have not had their turn by then are left out. */
const MOST_MS = 150_000;

/** Name of a cell in the samples. */
export function fanOutCell(
  peers: number,
  { concurrency, streams }: FanOut,
): string {
  return `fan-out/${peers}/${concurrency}/${streams}`;
}

/** Broadcasts to large clouds, with different bounds of what is under way at the same time. */
export function fanOut(context: BenchContext): Job[] {
  const { quick, measureMs } = context.options;
  if (quick) {
    return [];
  }
  const rounds = { withFloor: 1, others: 1 };
  return turns(context, 'fan-out', rounds).flatMap(({ contender }) =>
    FAN_OUT_PEERS.map((peers) =>
      staged(context, {
        contender,
        size: { peers, processes: PROCESSES, crowded: true },
        cell: `fan-out/${peers}`,
        ms:
          REST_MS +
          FAN_OUTS.length * (JOIN_MS + SETTLE_MS + WARM_UP_MS + measureMs * 2),
        work: (stage) => measure(context, contender.id, stage),
      }),
    ),
  );
}

async function measure(
  context: BenchContext,
  id: string,
  stage: Stage,
): Promise<void> {
  await setTimeout(REST_MS);
  const end = performance.now() + MOST_MS;
  for (const bounds of FAN_OUTS) {
    const cell = fanOutCell(stage.peers, bounds);
    if (performance.now() > end) {
      context.samples.fail(cell, id, 'left out, the time was up');
      continue;
    }
    try {
      await measureOne(context, id, stage, bounds);
    } catch (error) {
      context.samples.fail(cell, id, describe(error));
    }
  }
}

async function measureOne(
  context: BenchContext,
  id: string,
  stage: Stage,
  bounds: FanOut,
): Promise<void> {
  const cell = fanOutCell(stage.peers, bounds);
  await stage.openClient(bounds);
  await setTimeout(SETTLE_MS);
  await untilAllReply(stage);
  const durationMs = context.options.measureMs * 2;
  const result = await stage.load('broadcast', { bytes: BYTES, durationMs });
  noteErrors(context, cell, id, result);
  if (result.count === 0) {
    return;
  }
  context.samples.add(cell, id, { p50: result.p50, p99: result.p99 });
  context.say(`${cell}: ${id} ${result.p50.toFixed(1)} ms`);
}

/** Warms up as well. A peer refuses a message of a sender of which it has not heard. */
async function untilAllReply(stage: Stage): Promise<void> {
  const plan = { bytes: BYTES, durationMs: WARM_UP_MS };
  for (let left = WARM_UPS; left > 0; left--) {
    const { errors } = await stage.load('broadcast', plan);
    if (errors === 0) {
      return;
    }
    await setTimeout(MORE_MS);
  }
}
