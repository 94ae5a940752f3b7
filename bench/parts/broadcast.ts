import { hasFloor } from '../report/floors.js';
import type { BenchContext } from '../runner/bench-context.js';
import type { Job } from '../runner/job.js';
import type { Stage, StageSize } from '../runner/stage.js';
import { noteErrors } from './note-errors.js';
import { staged } from './staged.js';
import { turns, type Turn } from './turns.js';
import { settleMs } from './warm-up.js';

/** Peers that a broadcast goes to, in one process. */
export const BROADCAST_PEERS = [16, 64] as const;

const BYTES = 60;

/**
 * The peers share one process, the sender has another: with more busy processes than cores the figure
 * would be that of the system's scheduler. So it is with the last one, which is nearer to what users have.
 */
const SIZES: readonly StageSize[] = [
  ...BROADCAST_PEERS.map((peers) => ({
    peers,
    processes: 1,
    crowded: peers > 16,
  })),
  { peers: 16, processes: 16 },
];

function broadcastCell({ peers, processes }: StageSize): string {
  return processes > 1 ? `broadcast/${peers}-processes` : `broadcast/${peers}`;
}

/** Every cell of this part, with what it is. */
export const BROADCAST_CELLS = SIZES.map((size): [string, string] => [
  broadcastCell(size),
  `${size.peers} ${size.processes > 1 ? 'processes' : 'peers'}`,
]);

/** Broadcasts, one after another, each until all replies are in; and what so many peers cost the sender. */
export function broadcast(context: BenchContext): Job[] {
  const { options } = context;
  const rounds = options.quick
    ? { withFloor: 2, others: 1 }
    : { withFloor: 3, others: 2 };
  return turns(context, 'broadcast', rounds).flatMap((turn) =>
    sizesOf(context, turn).map((size) => {
      const { contender } = turn;
      const cell = broadcastCell(size);
      return staged(context, {
        contender,
        size,
        cell,
        ms: settleMs(options) + options.measureMs * 2,
        work: (stage) => measure(context, contender.id, stage, cell),
      });
    }),
  );
}

/** The smaller clouds get fewer rounds where no floor is about them; those of many processes none in a quick run. */
function sizesOf(
  { options }: BenchContext,
  { contender, round }: Turn,
): StageSize[] {
  const matters = hasFloor('broadcast', contender.id);
  return SIZES.filter(({ peers, processes }) => {
    if (processes > 1) {
      return !options.quick && matters;
    }
    return peers === 64 || matters || (round === 0 && !options.quick);
  });
}

async function measure(
  context: BenchContext,
  id: string,
  stage: Stage,
  cell: string,
): Promise<void> {
  const { samples, options } = context;
  await stage.untilRest();
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
