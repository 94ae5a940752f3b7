import { takingPart, type BenchContext } from '../runner/bench-context.js';
import type { Stage } from '../runner/stage.js';
import { staged } from './staged.js';
import { warmUp } from './warm-up.js';

const PEERS = [10, 50, 200];
const QUICK_PEERS = [10, 50];
const PROCESSES = 4;

/** Sizes of clouds that are measured. */
export function growthPeers(quick: boolean): readonly number[] {
  return quick ? QUICK_PEERS : PEERS;
}

/** What a message, a member and a join cost as the cloud grows: 60 B, 64 in flight, to all peers in turn. */
export async function growth(context: BenchContext): Promise<void> {
  for (const contender of takingPart(context, 'growth', 0)) {
    for (const peers of growthPeers(context.options.quick)) {
      if (peers > (contender.maxPeers ?? Infinity)) continue;
      const cell = `growth/${peers}`;
      const size = { peers, processes: PROCESSES };
      await staged(context, contender, size, cell, (stage) =>
        measure(context, contender.id, stage, cell),
      );
    }
  }
}

async function measure(
  context: BenchContext,
  id: string,
  stage: Stage,
  cell: string,
): Promise<void> {
  const { samples, options } = context;
  await stage.load('closedLoop', warmUp(options));
  const plan = { bytes: 60, inFlight: 64, durationMs: options.measureMs * 2 };
  const { result, cpu } = await stage.loadWithCpu('closedLoop', plan);
  const used = await stage.clientUsage();
  if (result.errors > 0) {
    samples.fail(cell, id, `${result.errors} errors: ${result.firstError}`);
  }
  samples.add(cell, id, {
    rate: (result.count / result.elapsedMs) * 1000,
    p99: result.p99,
    cpuClient: cpu.client,
    cpuServer: cpu.servers,
    joinMs: stage.joinMs,
    heap: used.heapBytes,
    rss: used.rssBytes,
    sockets: used.sockets,
  });
  context.say(`${cell}: ${id} ${cpu.client.toFixed(1)} µs a message`);
}
