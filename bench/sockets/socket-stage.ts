import type { FetchResult } from '../child/sockets.js';
import type { Usage } from '../load/usage.js';
import type { BenchContext } from '../runner/bench-context.js';
import { BenchProcess } from '../runner/child-process.js';
import { processCpuUs } from '../runner/process-cpu.js';
import type { RoomPlan, RoomResult } from './room-clients.js';
import {
  needsRedis,
  type SocketAdapterName,
  type SocketServerEnv,
} from './socket-adapters.js';

const HOST = '127.0.0.1';
const CHILD = new URL('../child/sockets.js', import.meta.url).pathname;
const CALL_TIMEOUT = 60_000;

/** How Socket.IO servers are put up. */
export interface SocketStageSize {
  servers: number;
  /** Processes that the servers are spread over; the clients have their own. */
  processes: number;
  clients: number;
}

/** Socket.IO servers with one adapter, and clients that are connected to them in turn. */
export class SocketStage {
  readonly #clients: BenchProcess;
  readonly #servers: readonly BenchProcess[];
  readonly #broker: number | undefined;

  private constructor(
    clients: BenchProcess,
    servers: readonly BenchProcess[],
    broker: number | undefined,
  ) {
    this.#clients = clients;
    this.#servers = servers;
    this.#broker = broker;
  }

  static async start(
    adapter: SocketAdapterName,
    size: SocketStageSize,
    { brokers, options }: BenchContext,
  ): Promise<SocketStage> {
    const length = size.processes + 1;
    const started = await Promise.all(
      Array.from({ length }, () =>
        BenchProcess.start(CHILD, [], options.profile),
      ),
    );
    const [clients, ...servers] = started as [BenchProcess];
    const broker = needsRedis(adapter) ? brokers.pid('redis') : undefined;
    const stage = new SocketStage(clients, servers, broker);
    try {
      await stage.#open(adapter, size, brokers.ports.redis ?? 0);
      return stage;
    } catch (error) {
      await stage.stop();
      throw error;
    }
  }

  /** Broadcasts to the room, and tells what one costs the servers and their broker, in µs of CPU. */
  async broadcast(plan: RoomPlan): Promise<RoomResult & { cpu: number }> {
    const before = await this.#cpu();
    const result = await this.#clients.call<RoomResult>(
      'broadcast',
      plan,
      plan.durationMs + CALL_TIMEOUT,
    );
    const cpu = ((await this.#cpu()) - before) / (result.count + result.lost);
    return { ...result, cpu };
  }

  fetchSockets(plan: {
    durationMs: number;
    expected: number;
  }): Promise<FetchResult> {
    const timeout = plan.durationMs + CALL_TIMEOUT;
    return this.#servers[0]!.call('fetchSockets', plan, timeout);
  }

  async stop(): Promise<void> {
    await this.#clients.stop();
    await Promise.all(this.#servers.map((server) => server.stop()));
  }

  async #open(
    adapter: SocketAdapterName,
    { servers, processes, clients }: SocketStageSize,
    redis: number,
  ): Promise<void> {
    const isBare = adapter === 'no-adapter-sockets';
    const ports: number[] = [];
    for (const [at, process] of this.#servers.entries()) {
      const count =
        Math.floor((servers * (at + 1)) / processes) -
        Math.floor((servers * at) / processes);
      const env: SocketServerEnv & { count: number } = {
        adapter,
        host: HOST,
        redis,
        seed: ports[0],
        crowded: servers > processes,
        count,
      };
      const opened = await process.call<number[]>(
        'openServers',
        env,
        CALL_TIMEOUT,
      );
      ports.push(...opened);
    }
    await this.#clients.call(
      'openClients',
      {
        host: HOST,
        ports,
        count: clients,
        publishers: isBare ? ports.length : 1,
      },
      CALL_TIMEOUT,
    );
    for (const process of this.#servers) {
      await process.call('meet', { count: isBare ? 1 : servers }, CALL_TIMEOUT);
    }
  }

  async #cpu(): Promise<number> {
    const usages = await Promise.all(
      this.#servers.map((server) =>
        server.call<Usage>('usage', { settle: false }, CALL_TIMEOUT),
      ),
    );
    const broker = processCpuUs(this.#broker) ?? 0;
    return usages.reduce((sum, { cpuUs }) => sum + cpuUs, broker);
  }
}
