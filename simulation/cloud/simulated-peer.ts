import { MembershipCore } from '../../src/membership/core/membership-core.js';
import type { ResolvedMembershipOptions } from '../../src/membership/core/options/membership.options.js';
import type { MembershipEvent } from '../../src/membership/core/membership.types.js';
import { coreReceiver } from '../../src/testing/network/core-receiver.js';
import type {
  InMemoryHandler,
  InMemoryProcess,
} from '../../src/testing/network/in-memory-process.js';
import type { InMemoryNetwork } from '../../src/testing/network/in-memory-network.js';
import { SeededRandom } from '../../src/testing/network/seeded-random.js';
import type { PeerAnswer } from '../../src/transport/peer-transport.interface.js';
import type { Endpoint } from '../../src/wire/endpoints.js';
import type { JsonObject } from '../../src/wire/json.js';

import type { RecordPool } from './record-pool.js';

/** How one simulated peer starts. */
export interface SimulatedPeerOptions {
  id?: string;
  ip: string;
  port: number;
  /** False: the others infer its address. */
  advertises: boolean;
  data: JsonObject;
  membership: ResolvedMembershipOptions;
  /** Ms by which its clock is ahead. */
  skew: number;
  seed: number;
  /** Which stream of the seed is this peer's own chance. */
  stream: number;
  /** May answer a request in the core's place; undefined: the core answers. */
  intercept(
    peer: SimulatedPeer,
    endpoint: Endpoint,
    senderId: string | undefined,
  ): PeerAnswer | undefined;
  /** Where equal records are kept once; undefined: each peer has its own. */
  pool: RecordPool | undefined;
  onEvent(peer: SimulatedPeer, event: MembershipEvent): void;
}

const silent = { log: () => {}, debug: () => {}, warn: () => {} };

/** One process of a simulated cloud: the real membership core on the in-memory network. */
export class SimulatedPeer {
  readonly core: MembershipCore;
  readonly process: InMemoryProcess;
  /** False once it crashed, vanished or left. */
  isRunning = true;
  /** Virtual ms at which its last stall ended. */
  wokeAt = -Infinity;
  readonly #random: SeededRandom;
  #ticking = false;

  constructor(
    network: InMemoryNetwork,
    readonly options: SimulatedPeerOptions,
  ) {
    this.#random = new SeededRandom(options.seed, options.stream);
    this.process = network.start({
      ip: options.ip,
      port: options.port,
      senderId: () => this.core.id,
      handler: this.#receiver(),
      skew: options.skew,
    });
    const { pool } = options;
    this.core = new MembershipCore(
      {
        id: options.id ?? this.#random.uuid(),
        data: options.data,
        ...(options.advertises ? { ip: options.ip } : {}),
      },
      options.membership,
      {
        clock: this.process.clock,
        random: this.#random,
        transport: this.process.transport,
        logger: silent,
        resolve: (host) => Promise.resolve([host]),
        addressRefusal: () => undefined,
        eventLoopDelay: () => this.process.clock.delay(),
        ...(pool && { shareRecord: (record) => pool.share(record) }),
      },
    );
    this.core.onEvent((event) => options.onEvent(this, event));
  }

  get id(): string {
    return this.core.id;
  }

  get ip(): string {
    return this.options.ip;
  }

  get port(): number {
    return this.options.port;
  }

  get isStalled(): boolean {
    return this.process.clock.isStalled;
  }

  /** Running and not stalled. */
  get isHealthy(): boolean {
    return this.isRunning && !this.isStalled;
  }

  /** Starts joining and the periodic checks. */
  start(): void {
    const { probeInterval } = this.options.membership;
    this.#tickAfter(this.#random.next() * probeInterval);
    this.core.start({ port: this.port });
  }

  /** Leaves and ends. */
  async leave(): Promise<void> {
    this.isRunning = false;
    await this.core.leave();
    this.core.stop();
    this.process.crash();
  }

  /** Ends at once; connections to it are refused. */
  crash(): void {
    this.isRunning = false;
    this.process.crash();
    this.core.stop();
  }

  /** Its host is gone at once; nobody answers. */
  vanish(): void {
    this.isRunning = false;
    this.process.vanish();
    this.core.stop();
  }

  /** Nothing happens in it until it wakes. */
  stall(): void {
    this.process.stall();
  }

  wake(): void {
    this.wokeAt = this.process.clock.monotonic();
    this.process.wake();
  }

  #tickAfter(ms: number): void {
    this.process.clock.setTimeout(() => {
      if (!this.isRunning) {
        return;
      }
      if (!this.#ticking) {
        void this.#tick();
      }
      this.#tickAfter(this.options.membership.probeInterval);
    }, ms);
  }

  /** Checks never overlap: while one is under way, others fall out. */
  async #tick(): Promise<void> {
    this.#ticking = true;
    await this.core.tick();
    this.#ticking = false;
  }

  #receiver(): InMemoryHandler {
    const receive = coreReceiver(() => this.core);
    return (endpoint, body, origin) => {
      const answer = this.options.intercept(this, endpoint, origin.senderId);
      return answer ? Promise.resolve(answer) : receive(endpoint, body, origin);
    };
  }
}
