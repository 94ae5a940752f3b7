import { setTimeout } from 'node:timers/promises';
import type { ServersEnv } from '../child/main.js';
import type {
  BrokerName,
  BrokerPorts,
  ClientEnv,
  FanOut,
  PeerLocation,
} from '../contender.js';
import type { BroadcastPlan } from '../load/broadcast-loop.js';
import type { ClosedLoopPlan } from '../load/closed-loop.js';
import type { OpenLoopPlan } from '../load/open-loop.js';
import type { LoadResult } from '../load/outcome.js';
import type { Usage } from '../load/usage.js';
import type { BenchContext } from './bench-context.js';
import { BenchProcess } from './child-process.js';
import { processCpuUs } from './process-cpu.js';
import type { RegisteredContender } from './registry.js';

export const HOST = '127.0.0.1';
export const CHILD = new URL('../child/main.js', import.meta.url).pathname;
const CALL_TIMEOUT = 20_000;
/** How much longer than planned a load may take on its own account. */
const MAX_STRETCH = 5;
/** Time that all of them, and each peer, are given to start and join. */
const START_TIMEOUT = 45_000;
const PEER_TIMEOUT = 200;

/** Share of a core that peers at rest use at most, all together; ms between two looks; ms after which they are taken as they are. */
const REST_SHARE = 0.4;
const REST_LOOK = 1_000;
const REST_TIMEOUT = 30_000;

/** How a contender is put up. */
export interface StageSize {
  /** Peers that answer. */
  peers: number;
  /** Processes that they are spread over; the sender has its own. 0: all are in one. */
  processes: number;
  /** Many peers in a process, which therefore keep quieter than they would each on a machine of its own. */
  crowded?: boolean;
}

/** The loads that a sender can make; a stage adds the number of its peers. */
interface LoadPlans {
  closedLoop: Omit<ClosedLoopPlan, 'peers'>;
  openLoop: Omit<OpenLoopPlan, 'peers'>;
  broadcast: Omit<BroadcastPlan, 'peers'>;
}

/** CPU time in µs for each message. */
export interface CpuPerMessage {
  client: number;
  servers: number;
  broker: number | undefined;
}

/** One contender at work: the processes of the peers that answer, and that of the sender. */
export class Stage {
  /** Ms that the sender took to join; undefined where a contender has no such thing. */
  joinMs: number | undefined;
  #locations: PeerLocation[] = [];

  readonly #size: StageSize;
  readonly #brokers: BrokerPorts;
  readonly #broker: number | undefined;
  readonly #client: BenchProcess;
  readonly #servers: readonly BenchProcess[];

  private constructor(
    size: StageSize,
    brokers: BrokerPorts,
    broker: number | undefined,
    client: BenchProcess,
    servers: readonly BenchProcess[],
  ) {
    this.#size = size;
    this.#brokers = brokers;
    this.#broker = broker;
    this.#client = client;
    this.#servers = servers;
  }

  static async start(
    contender: RegisteredContender,
    size: StageSize,
    context: BenchContext,
  ): Promise<Stage> {
    const { processes } = size;
    const start = (): Promise<BenchProcess> =>
      BenchProcess.start(CHILD, [contender.url], context.options.profile);
    const started = await Promise.allSettled(
      Array.from({ length: processes + 1 }, start),
    );
    const [client, ...others] = started.flatMap((result) =>
      result.status === 'fulfilled' ? [result.value] : [],
    );
    const failed = started.find((result) => result.status === 'rejected');
    if (!client || failed) {
      await Promise.all([client, ...others].map((child) => child?.stop()));
      throw failed?.reason;
    }
    const servers = others.length > 0 ? others : [client];
    const broker = brokerPid(contender.broker, context);
    const { ports } = context.brokers;
    const stage = new Stage(size, ports, broker, client, servers);
    try {
      await stage.#openServers(contender.startsOneByOne ?? false);
      await stage.openClient();
      return stage;
    } catch (error) {
      await stage.stop();
      throw error;
    }
  }

  /** Peers that answer. */
  get peers(): number {
    return this.#size.peers;
  }

  /** Runs a load in the sender's process. */
  load<Kind extends keyof LoadPlans>(
    method: Kind,
    plan: LoadPlans[Kind],
  ): Promise<LoadResult> {
    const timeout = plan.durationMs * MAX_STRETCH + CALL_TIMEOUT;
    return this.#client.call(method, { ...plan, peers: this.peers }, timeout);
  }

  /** Runs a load and tells what it cost on every side. */
  async loadWithCpu<Kind extends keyof LoadPlans>(
    method: Kind,
    plan: LoadPlans[Kind],
  ): Promise<{ result: LoadResult; cpu: CpuPerMessage }> {
    const before = await this.#cpuOfOthers();
    const result = await this.load(method, plan);
    const after = await this.#cpuOfOthers();
    const messages = result.count + result.errors;
    return {
      result,
      cpu: {
        client: result.cpuUs / messages,
        servers: (after.servers - before.servers) / messages,
        broker:
          after.broker === undefined
            ? undefined
            : (after.broker - (before.broker ?? 0)) / messages,
      },
    };
  }

  /**
   * Waits until the peers that answer have come to rest: many that have just joined each other have a lot to
   * tell for a while, and have it in one process. Gives up after `REST_TIMEOUT`.
   */
  async untilRest(): Promise<void> {
    const giveUpAt = performance.now() + REST_TIMEOUT;
    let busy: boolean;
    do {
      const from = performance.now();
      const before = await this.#cpuOfOthers();
      await setTimeout(REST_LOOK);
      const after = await this.#cpuOfOthers();
      const ms = performance.now() - from;
      busy = (after.servers - before.servers) / 1000 / ms > REST_SHARE;
    } while (busy && performance.now() < giveUpAt);
  }

  /** Opens the sender; one that is open already leaves before. */
  async openClient(fanOut?: FanOut): Promise<void> {
    const env: ClientEnv = {
      host: HOST,
      brokers: this.#brokers,
      peers: this.#locations,
      ...(fanOut && { fanOut }),
    };
    const opened = await this.#client.call<{ joinMs: number | undefined }>(
      'openClient',
      env,
      this.#startTimeout,
    );
    this.joinMs = opened.joinMs;
  }

  clientUsage(): Promise<Usage> {
    return this.#client.call('usage', { settle: true }, CALL_TIMEOUT);
  }

  serverUsages(): Promise<Usage[]> {
    return this.#usages(true);
  }

  async stop(): Promise<void> {
    await this.#client.stop();
    await Promise.all(this.#servers.map((server) => server.stop()));
  }

  /** The first peer alone; then the shares of all processes, with the first one as their seed. */
  async #openServers(oneByOne: boolean): Promise<void> {
    const { length } = this.#servers;
    const others = this.peers - 1;
    const seeds = await this.#openShare(this.#servers[0]!, 0, 1, []);
    const shares: Promise<PeerLocation[]>[] = [];
    for (const [index, server] of this.#servers.entries()) {
      const from = Math.floor((others * index) / length);
      const count = Math.floor((others * (index + 1)) / length) - from;
      const share = this.#openShare(server, 1 + from, count, seeds);
      shares.push(share);
      if (oneByOne) {
        await share;
      }
    }
    this.#locations = [...seeds, ...(await Promise.all(shares)).flat()];
  }

  #openShare(
    server: BenchProcess,
    firstIndex: number,
    count: number,
    seeds: readonly PeerLocation[],
  ): Promise<PeerLocation[]> {
    const env: ServersEnv = {
      firstIndex,
      count,
      host: HOST,
      brokers: this.#brokers,
      seeds,
      crowded: this.#size.crowded ?? false,
    };
    return server.call('openServers', env, this.#startTimeout);
  }

  get #startTimeout(): number {
    return START_TIMEOUT + this.peers * PEER_TIMEOUT;
  }

  #usages(settle: boolean): Promise<Usage[]> {
    return Promise.all(
      this.#servers.map((server) =>
        server.call<Usage>('usage', { settle }, CALL_TIMEOUT),
      ),
    );
  }

  async #cpuOfOthers(): Promise<{
    servers: number;
    broker: number | undefined;
  }> {
    const usages = await this.#usages(false);
    return {
      servers: usages.reduce((sum, usage) => sum + usage.cpuUs, 0),
      broker: processCpuUs(this.#broker),
    };
  }
}

function brokerPid(
  name: BrokerName | undefined,
  context: BenchContext,
): number | undefined {
  return name && context.brokers.pid(name);
}
