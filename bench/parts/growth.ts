import { setTimeout } from 'node:timers/promises';
import type { BenchContext } from '../runner/bench-context.js';
import type { Job } from '../runner/job.js';
import type { Stage } from '../runner/stage.js';
import { noteErrors } from './note-errors.js';
import { staged } from './staged.js';
import { turns } from './turns.js';
import { settleMs, warmUp } from './warm-up.js';

const PEERS = [10, 50, 200];
const QUICK_PEERS = [10, 50];
const PROCESSES = 4;

/** From so many peers on, their checks and gossip alone would keep two cores busy. */
const CROWD = 200;

/** Ms until a crowd, whose gossip is slow, has told of the sender and is quiet. */
const CROWD_SETTLE_MS = 20_000;

/** Sizes of clouds that are measured. */
export function growthPeers(quick: boolean): readonly number[] {
  return quick ? QUICK_PEERS : PEERS;
}

/** What a message, a member and a join cost as the cloud grows: 60 B, 64 in flight, to all peers in turn. */
export function growth(context: BenchContext): Job[] {
  const { options } = context;
  const { quick, warmUpMs, measureMs } = options;
  const rounds = quick ? 1 : 3;
  return turns(context, 'growth', {
    withFloor: rounds,
    others: rounds,
  }).flatMap(({ contender }) => {
    return growthPeers(quick).map((peers) => {
      const cell = `growth/${peers}`;
      return staged(context, {
        contender,
        size: { peers, processes: PROCESSES, crowded: peers >= CROWD },
        cell,
        ms: restMs(context, peers) + warmUpMs + measureMs,
        work: (stage) => measure(context, contender.id, stage, cell),
      });
    });
  });
}

async function measure(
  context: BenchContext,
  id: string,
  stage: Stage,
  cell: string,
): Promise<void> {
  const { samples, options } = context;
  await setTimeout(restMs(context, stage.peers));
  await stage.load('closedLoop', warmUp(options));
  const plan = { bytes: 60, inFlight: 64, durationMs: options.measureMs };
  const { result, cpu } = await stage.loadWithCpu('closedLoop', plan);
  const sender = await stage.clientUsage();
  const receivers = await stage.serverUsages();
  noteErrors(context, cell, id, result);
  if (result.count === 0) {
    return;
  }
  samples.add(cell, id, {
    rate: (result.count / result.elapsedMs) * 1000,
    p99: result.p99,
    cpuClient: cpu.client,
    cpuServer: cpu.servers,
    joinMs: stage.joinMs,
    heap: sender.heapBytes,
    rss: sender.rssBytes,
    rssServers: sum(receivers.map(({ rssBytes }) => rssBytes)),
    sockets: sender.sockets,
    socketsServers: sum(receivers.map(({ sockets }) => sockets ?? NaN)),
  });
  context.say(`${cell}: ${id} ${cpu.client.toFixed(1)} µs a message`);
}

function restMs({ options }: BenchContext, peers: number): number {
  return peers >= CROWD ? CROWD_SETTLE_MS : settleMs(options);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
