import { describe } from '../load/outcome.js';
import type { BenchContext } from '../runner/bench-context.js';
import type { Job } from '../runner/job.js';
import {
  needsRedis,
  SOCKET_ADAPTERS,
  type SocketAdapterName,
} from '../sockets/socket-adapters.js';
import { SocketStage, type SocketStageSize } from '../sockets/socket-stage.js';

/** Clients in the room, over three replicas. */
export const ROOM_SIZES = [3, 1_000];

/** Replicas that are asked for their sockets, with ten clients each. */
export const FETCH_REPLICAS = [3, 16];

const CLIENTS_OF_A_REPLICA = 10;
const REPLICAS = 3;
/** Sixteen share them: the machine has a few cores. */
const MOST_PROCESSES = 4;
/** Broadcasts under way at the same time, for the rate. */
const IN_FLIGHT = 8;

const START_MS = 4_000;

export function roomCell(clients: number): string {
  return `sockets/room/${clients}`;
}

export function fetchCell(replicas: number): string {
  return `sockets/fetch/${replicas}`;
}

/** Broadcasts to a room and `fetchSockets()` of Socket.IO servers that are one by different adapters. */
export function sockets(context: BenchContext): Job[] {
  const { quick, rounds } = context.options;
  const names = Object.keys(SOCKET_ADAPTERS) as SocketAdapterName[];
  return Array.from({ length: quick ? 1 : rounds }, (_, round) =>
    [
      ...names.slice(round % names.length),
      ...names.slice(0, round % names.length),
    ].flatMap((name) => [
      ...ROOM_SIZES.map((clients) => room(context, name, clients)),
      ...(name === 'no-adapter-sockets' ? [] : FETCH_REPLICAS).map((replicas) =>
        fetch(context, name, replicas),
      ),
    ]),
  ).flat();
}

function room(
  context: BenchContext,
  name: SocketAdapterName,
  clients: number,
): Job {
  const { warmUpMs, measureMs } = context.options;
  const cell = roomCell(clients);
  const size = { servers: REPLICAS, processes: REPLICAS, clients };
  return job(context, name, cell, size, async (stage) => {
    const plan = { bytes: 60, inFlight: IN_FLIGHT };
    await stage.broadcast({ ...plan, durationMs: warmUpMs });
    const many = await stage.broadcast({ ...plan, durationMs: measureMs });
    const one = await stage.broadcast({
      ...plan,
      inFlight: 1,
      durationMs: measureMs,
    });
    if (many.lost + one.lost > 0) {
      context.samples.fail(cell, name, `${many.lost + one.lost} lost`);
    }
    const rate = (many.count / many.elapsedMs) * 1_000;
    const { p50, p99 } = one;
    context.samples.add(cell, name, { rate, cpu: many.cpu, p50, p99 });
    context.say(`${cell}: ${name} ${rate.toFixed(0)}/s, ${p50.toFixed(2)} ms`);
  });
}

function fetch(
  context: BenchContext,
  name: SocketAdapterName,
  replicas: number,
): Job {
  const { warmUpMs, measureMs } = context.options;
  const cell = fetchCell(replicas);
  const size = {
    servers: replicas,
    processes: Math.min(replicas, MOST_PROCESSES),
    clients: replicas * CLIENTS_OF_A_REPLICA,
  };
  return job(context, name, cell, size, async (stage) => {
    const expected = size.clients;
    await stage.fetchSockets({ durationMs: warmUpMs, expected });
    const { count, errors, firstError, p50, p99 } = await stage.fetchSockets({
      durationMs: measureMs,
      expected,
    });
    if (errors > 0) {
      const text = `${errors} of ${errors + count} failed: ${firstError}`;
      context.samples.fail(cell, name, text);
    }
    context.samples.add(cell, name, { p50, p99 });
    context.say(`${cell}: ${name} ${p50.toFixed(2)} ms`);
  });
}

/** Puts servers and clients up, does the work, takes them down; a failure is noted and goes no further. */
function job(
  context: BenchContext,
  name: SocketAdapterName,
  cell: string,
  size: SocketStageSize,
  work: (stage: SocketStage) => Promise<void>,
): Job {
  const { warmUpMs, measureMs } = context.options;
  return {
    ms: START_MS + warmUpMs + 2 * measureMs,
    async run() {
      if (needsRedis(name) && context.brokers.ports.redis === undefined) {
        context.samples.fail(cell, name, 'redis-server is not installed here');
        return;
      }
      let stage: SocketStage | undefined;
      try {
        stage = await SocketStage.start(name, size, context);
        await work(stage);
      } catch (error) {
        context.samples.fail(cell, name, describe(error));
        context.say(`${cell} ${name}: ${describe(error)}`);
      } finally {
        await stage?.stop();
      }
    },
  };
}
