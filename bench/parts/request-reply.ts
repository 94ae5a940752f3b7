import { describe } from '../load/outcome.js';
import type { BenchContext } from '../runner/bench-context.js';
import type { Job } from '../runner/job.js';
import type { Stage } from '../runner/stage.js';
import { noteErrors } from './note-errors.js';
import { staged } from './staged.js';
import { turns, type Turn } from './turns.js';
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

/** Those that floors are about are measured for twice as long as others, and in more rounds. */
const FLOOR_CELLS = new Set(['60/1', '60/64', '4096/64']);
const QUICK_CELLS = new Set([...FLOOR_CELLS, '60/256', '262144/64']);
const ROUNDS_OF_ALL_CELLS = 3;
const RAMP = 0.25;

/** Name of a cell in the samples. */
export function requestReplyCell(cell: RequestReplyCell): string {
  return `request-reply/${cell.bytes}/${cell.inFlight}`;
}

/** Messages and their replies, one sender and one receiver. */
export function requestReply(context: BenchContext): Job[] {
  const { quick, warmUpMs } = context.options;
  const rounds = { withFloor: Infinity, others: quick ? 1 : 3 };
  return turns(context, 'request-reply', rounds).map((turn) => {
    const cells = cellsOf(turn.round, quick);
    const ms = cells.reduce(
      (sum, cell) => sum + durationOf(context, cell) * (1 + RAMP),
      warmUpMs,
    );
    return staged(context, {
      contender: turn.contender,
      size: { peers: 1, processes: 1 },
      cell: 'request-reply',
      ms,
      work: (stage) => measure(context, turn, stage, cells),
    });
  });
}

async function measure(
  context: BenchContext,
  { contender: { id }, round }: Turn,
  stage: Stage,
  cells: readonly RequestReplyCell[],
): Promise<void> {
  const { samples, options } = context;
  const [idle] = await stage.serverUsages();
  samples.add('memory/idle', id, { rss: idle?.rssBytes });
  await stage.load('closedLoop', warmUp(options));
  for (const cell of cells) {
    // A stage that did not answer in one cell would not in the next.
    if (!(await measureCell(context, id, stage, cell))) {
      break;
    }
  }
  const cell = requestReplyCell({ bytes: 60, inFlight: 64 });
  const key = { cell, contender: id, metric: 'rate' };
  const rate = Math.round(samples.values(key).at(-1) ?? 0);
  context.say(`round ${round + 1}: ${id} ${rate} messages/s`);
}

/** False if the stage is of no more use. */
async function measureCell(
  context: BenchContext,
  id: string,
  stage: Stage,
  cell: RequestReplyCell,
): Promise<boolean> {
  const name = requestReplyCell(cell);
  const durationMs = durationOf(context, cell);
  try {
    await stage.load('closedLoop', { ...cell, durationMs: durationMs * RAMP });
    const plan = { ...cell, durationMs };
    const { result, cpu } = await stage.loadWithCpu('closedLoop', plan);
    noteErrors(context, name, id, result);
    if (result.count === 0) {
      return true;
    }
    context.samples.add(name, id, {
      rate: (result.count / result.elapsedMs) * 1000,
      p50: result.p50,
      p99: result.p99,
      cpuClient: cpu.client,
      cpuServer: cpu.servers,
      cpuBroker: cpu.broker,
    });
    return true;
  } catch (error) {
    context.samples.fail(name, id, describe(error));
    return false;
  }
}

function durationOf(
  { options }: BenchContext,
  { bytes, inFlight }: RequestReplyCell,
): number {
  const floor = FLOOR_CELLS.has(`${bytes}/${inFlight}`);
  return floor ? options.measureMs : options.measureMs / 2;
}

function cellsOf(round: number, quick: boolean): RequestReplyCell[] {
  return REQUEST_REPLY_CELLS.filter(({ bytes, inFlight }) => {
    const name = `${bytes}/${inFlight}`;
    if (round >= (quick ? 1 : ROUNDS_OF_ALL_CELLS)) {
      return FLOOR_CELLS.has(name);
    }
    return !quick || QUICK_CELLS.has(name);
  });
}
