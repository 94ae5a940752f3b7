import { hasFloor } from '../report/floors.js';
import type { BenchContext } from '../runner/bench-context.js';
import type { Job } from '../runner/job.js';
import type { Stage } from '../runner/stage.js';
import { noteErrors } from './note-errors.js';
import { staged } from './staged.js';
import { turns, type Turn } from './turns.js';
import { settleMs } from './warm-up.js';

/** Peers that a broadcast goes to. */
export const BROADCAST_PEERS = [16, 64] as const;

const BYTES = 60;

/**
 * The peers share one process, the sender has another: with more busy processes than cores the figure
 * would be that of the system's scheduler.
 */
const PROCESSES = 1;

/** Broadcasts, one after another, each until all replies are in; and what so many peers cost the sender. */
export function broadcast(context: BenchContext): Job[] {
  const { options } = context;
  const rounds = options.quick
    ? { withFloor: 2, others: 1 }
    : { withFloor: 3, others: 2 };
  return turns(context, 'broadcast', rounds).flatMap((turn) => {
    const { contender } = turn;
    return BROADCAST_PEERS.filter((peers) =>
      isWanted(context, turn, peers),
    ).map((peers) => {
      const cell = `broadcast/${peers}`;
      return staged(context, {
        contender,
        size: { peers, processes: PROCESSES },
        cell,
        ms: settleMs(options) + options.measureMs * 2,
        work: (stage) => measure(context, contender.id, stage, cell),
      });
    });
  });
}

/** No floor is about the smaller cloud: it gets one round, and in a quick run only where memory is of interest. */
function isWanted(
  { options }: BenchContext,
  { contender, round }: Turn,
  peers: number,
): boolean {
  if (peers === BROADCAST_PEERS[1]) {
    return true;
  }
  return round === 0 && (!options.quick || hasFloor('broadcast', contender.id));
}

async function measure(
  context: BenchContext,
  id: string,
  stage: Stage,
  cell: string,
): Promise<void> {
  const { samples, options } = context;
  const idle = await stage.clientUsage();
  const settle = { bytes: BYTES, durationMs: settleMs(options) };
  await stage.load('broadcast', settle);
  const used = await stage.clientUsage();
  const durationMs = options.measureMs * 2;
  const result = await stage.load('broadcast', { bytes: BYTES, durationMs });
  noteErrors(context, cell, id, result);
  if (result.count > 0) {
    samples.add(cell, id, { p50: result.p50, p99: result.p99 });
    context.say(`${cell}: ${id} ${result.p50.toFixed(2)} ms`);
  }
  samples.add(`memory/${stage.peers}`, id, {
    heapIdle: idle.heapBytes,
    heapUsed: used.heapBytes,
  });
}
