import type { AddressInfo } from 'node:net';
import type { Server } from 'socket.io';
import { LatencyHistogram } from '../load/latency-histogram.js';
import { describe } from '../load/outcome.js';
import { usage } from '../load/usage.js';
import { RoomClients, type RoomPlan } from '../sockets/room-clients.js';
import {
  openSocketServer,
  type SocketServerEnv,
} from '../sockets/socket-adapters.js';
import { serve } from './rpc.js';

/** What becomes of calls of `fetchSockets()`, one after another. */
export interface FetchResult {
  count: number;
  errors: number;
  firstError?: string;
  p50: number;
  p99: number;
}

const PATIENCE = 30_000;

const servers: Server[] = [];
let clients: RoomClients;

async function openServers(
  env: SocketServerEnv & { count: number },
): Promise<number[]> {
  const ports: number[] = [];
  for (let opened = 0; opened < env.count; opened++) {
    const seed = env.seed ?? ports[0];
    const server = await openSocketServer({ ...env, seed });
    servers.push(server);
    ports.push((server.httpServer.address() as AddressInfo).port);
  }
  return ports;
}

/** Resolves once each server here knows so many, and has the answers of all. */
async function meet({ count }: { count: number }): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  for (const server of servers) {
    while ((await server.of('/').adapter.serverCount()) !== count) {
      if (performance.now() > deadline) {
        throw new Error(`a server does not know all ${count}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await server.fetchSockets();
  }
}

async function openClients(env: {
  host: string;
  ports: number[];
  count: number;
  publishers: number;
}): Promise<void> {
  const { host, ports, count, publishers } = env;
  clients = await RoomClients.connect(host, ports, count, publishers);
}

async function fetchSockets(plan: {
  durationMs: number;
  expected: number;
}): Promise<FetchResult> {
  const latencies = new LatencyHistogram();
  const errors: string[] = [];
  const end = performance.now() + plan.durationMs;
  for (let now = performance.now(); now < end; now = performance.now()) {
    try {
      const { length } = await servers[0]!.in('room').fetchSockets();
      if (length !== plan.expected) {
        throw new Error(`${length} sockets of ${plan.expected}`);
      }
      latencies.record(performance.now() - now);
    } catch (error) {
      errors.push(describe(error));
    }
  }
  return {
    count: latencies.count,
    errors: errors.length,
    ...(errors[0] !== undefined && { firstError: errors[0] }),
    ...latencies.summary(),
  };
}

serve({
  openServers,
  meet,
  openClients,
  fetchSockets,
  broadcast: (plan: RoomPlan) => clients.broadcast(plan),
  usage: (options: { settle: boolean }) => usage(options.settle),
});
