import type { ServersEnv } from '../child/main.js';
import type { PeerLocation } from '../contender.js';
import type { Usage } from '../load/usage.js';
import type { BenchContext } from './bench-context.js';
import { BenchProcess } from './child-process.js';
import type { RegisteredContender } from './registry.js';
import { CHILD, HOST } from './stage.js';

const CALL_TIMEOUT = 60_000;

/** Peers of one contender that do nothing, each in a process of its own. */
export class IdleCloud {
  readonly #peers: readonly BenchProcess[];

  private constructor(peers: readonly BenchProcess[]) {
    this.#peers = peers;
  }

  static async start(
    contender: RegisteredContender,
    processes: number,
    { brokers, options }: BenchContext,
  ): Promise<IdleCloud> {
    const peers: BenchProcess[] = [];
    let seeds: PeerLocation[] = [];
    try {
      for (let index = 0; index < processes; index++) {
        const peer = await BenchProcess.start(
          CHILD,
          [contender.url],
          options.profile,
        );
        peers.push(peer);
        const env: ServersEnv = {
          firstIndex: index,
          count: 1,
          host: HOST,
          brokers: brokers.ports,
          seeds,
          crowded: false,
        };
        const opened = await peer.call<PeerLocation[]>(
          'openServers',
          env,
          CALL_TIMEOUT,
        );
        seeds = seeds.length === 0 ? opened : seeds;
      }
      return new IdleCloud(peers);
    } catch (error) {
      await Promise.all(peers.map((peer) => peer.stop()));
      throw error;
    }
  }

  usages(): Promise<Usage[]> {
    return Promise.all(
      this.#peers.map((peer) =>
        peer.call<Usage>('usage', { settle: false }, CALL_TIMEOUT),
      ),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#peers.map((peer) => peer.stop()));
  }
}
