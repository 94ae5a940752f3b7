import { describe } from '../load/outcome.js';
import { takingPart, type BenchContext } from '../runner/bench-context.js';
import type { RegisteredContender } from '../runner/registry.js';
import type { Stage } from '../runner/stage.js';
import { staged } from './staged.js';
import { warmUp } from './warm-up.js';

/** One size of messages at one number in flight. */
export interface RequestReplyCell {
  bytes: number;
  inFlight: number;
}

const SIZES = [60, 4_096, 262_144];
const IN_FLIGHT = [1, 64, 256];

/** All cells of this part. */
export const REQUEST_REPLY_CELLS: readonly RequestReplyCell[] = SIZES.flatMap(
  (bytes) => IN_FLIGHT.map((inFlight) => ({ bytes, inFlight })),
);

/** Those that floors are about: a quick run repeats only them, and leaves out most others. */
const FLOOR_CELLS = new Set(['60/1', '60/64', '4096/64']);
const QUICK_CELLS = new Set([...FLOOR_CELLS, '60/256', '262144/64']);

/** Name of a cell in the samples. */
export function requestReplyCell(cell: RequestReplyCell): string {
  return `request-reply/${cell.bytes}/${cell.inFlight}`;
}

/** Messages and their replies, one sender and one receiver. */
export async function requestReply(context: BenchContext): Promise<void> {
  for (let round = 0; round < context.options.rounds; round++) {
    for (const contender of takingPart(context, 'request-reply', round)) {
      await measure(context, contender, round);
    }
  }
}

async function measure(
  context: BenchContext,
  contender: RegisteredContender,
  round: number,
): Promise<void> {
  const { samples, options } = context;
  const size = { peers: 1, processes: 1 };
  await staged(context, contender, size, 'request-reply', async (stage) => {
    const [idle] = await stage.serverUsages();
    samples.add('memory/idle', contender.id, { rss: idle?.rssBytes });
    await stage.load('closedLoop', warmUp(options));
    for (const cell of cellsOf(round, options.quick)) {
      await measureCell(context, contender, stage, cell);
    }
  });
  const cell = requestReplyCell({ bytes: 60, inFlight: 64 });
  const rate = samples
    .values({ cell, contender: contender.id, metric: 'rate' })
    .at(-1);
  context.say(
    `round ${round + 1}: ${contender.id} ${Math.round(rate ?? 0)} messages/s`,
  );
}

async function measureCell(
  context: BenchContext,
  contender: RegisteredContender,
  stage: Stage,
  cell: RequestReplyCell,
): Promise<void> {
  const { samples, options } = context;
  const name = requestReplyCell(cell);
  const durationMs = options.measureMs;
  try {
    await stage.load('closedLoop', { ...cell, durationMs: durationMs / 4 });
    const plan = { ...cell, durationMs };
    const { result, cpu } = await stage.loadWithCpu('closedLoop', plan);
    if (result.errors > 0) {
      const text = `${result.errors} errors: ${result.firstError}`;
      samples.fail(name, contender.id, text);
    }
    if (result.count === 0) return;
    samples.add(name, contender.id, {
      rate: (result.count / result.elapsedMs) * 1000,
      p50: result.p50,
      p99: result.p99,
      cpuClient: cpu.client,
      cpuServer: cpu.servers,
      cpuBroker: cpu.broker,
    });
  } catch (error) {
    samples.fail(name, contender.id, describe(error));
  }
}

function cellsOf(round: number, quick: boolean): RequestReplyCell[] {
  return REQUEST_REPLY_CELLS.filter(({ bytes, inFlight }) => {
    const name = `${bytes}/${inFlight}`;
    if (!quick) return true;
    return round === 0 ? QUICK_CELLS.has(name) : FLOOR_CELLS.has(name);
  });
}
