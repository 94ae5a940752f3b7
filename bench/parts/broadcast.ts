import { hasFloor } from '../report/floors.js';
import { takingPart, type BenchContext } from '../runner/bench-context.js';
import type { RegisteredContender } from '../runner/registry.js';
import type { Stage } from '../runner/stage.js';
import { staged } from './staged.js';

/** Peers that a broadcast goes to. */
export const BROADCAST_PEERS = [16, 64] as const;

const BYTES = 60;

/**
 * The peers share one process, the sender has another: with more busy processes than cores the figure
 * would be that of the system's scheduler.
 */
const PROCESSES = 1;

/** Ms before the measurement, in which a cloud comes to rest after so many joins. */
const SETTLE_MS = 5000;

/** Broadcasts, one after another, each until all replies are in; and what so many peers cost the sender. */
export async function broadcast(context: BenchContext): Promise<void> {
  const rounds = Math.min(
    context.options.rounds,
    context.options.quick ? 2 : 3,
  );
  for (let round = 0; round < rounds; round++) {
    for (const contender of takingPart(context, 'broadcast', round)) {
      for (const peers of BROADCAST_PEERS) {
        if (!takes(context, contender, peers, round)) continue;
        const cell = `broadcast/${peers}`;
        const size = { peers, processes: PROCESSES };
        await staged(context, contender, size, cell, (stage) =>
          measure(context, contender.id, stage, cell),
        );
      }
    }
  }
}

/** A quick run has the smaller cloud only where the memory of extra peers is of interest. */
function takes(
  { options }: BenchContext,
  { id, maxPeers = Infinity }: RegisteredContender,
  peers: number,
  round: number,
): boolean {
  const smaller = peers < BROADCAST_PEERS[1];
  const wanted =
    !options.quick || !smaller || (round === 0 && hasFloor('broadcast', id));
  return wanted && peers <= maxPeers;
}

async function measure(
  context: BenchContext,
  id: string,
  stage: Stage,
  cell: string,
): Promise<void> {
  const { samples, options } = context;
  const idle = await stage.clientUsage();
  await stage.load('broadcast', { bytes: BYTES, durationMs: SETTLE_MS });
  const used = await stage.clientUsage();
  const durationMs = options.measureMs * 2;
  const result = await stage.load('broadcast', { bytes: BYTES, durationMs });
  if (result.errors > 0) {
    const text = `${result.errors} of ${result.errors + result.count} broadcasts: ${result.firstError}`;
    samples.fail(cell, id, text);
  }
  if (result.count > 0) {
    samples.add(cell, id, { p50: result.p50, p99: result.p99 });
    context.say(`${cell}: ${id} ${result.p50.toFixed(2)} ms`);
  }
  samples.add(`memory/${stage.peers}`, id, {
    heapIdle: idle.heapBytes,
    heapUsed: used.heapBytes,
    sockets: used.sockets,
  });
}
