import type { MembershipEvent } from '../../src/membership/core/membership.types.js';
import { resolveMembershipOptions } from '../../src/membership/core/options/membership.options.js';
import { InMemoryNetwork } from '../../src/testing/network/in-memory-network.js';
import { sharedProcessor } from '../../src/testing/network/latency.js';
import { SeededRandom } from '../../src/testing/network/seeded-random.js';
import { VirtualClock } from '../../src/testing/network/virtual-clock.js';
import { DEFAULT_PORT } from '../../src/wire/endpoints.js';
import type { JsonObject } from '../../src/wire/json.js';
import type { PeerAddress } from '../../src/wire/bodies.js';
import { CLOCK_SKEW, LATENCIES, type CloudOptions } from './cloud.options.js';
import { RecordPool } from './record-pool.js';
import { SimulatedPeer, type SimulatedPeerOptions } from './simulated-peer.js';
import { Watch } from './watch.js';

/** How to add a peer to a simulated cloud. */
export interface AddOptions {
  id?: string;
  /** Default: the next free one. */
  ip?: string;
  /** Whom it knows; default: one running peer, picked by chance. */
  seeds?: readonly Readonly<PeerAddress>[];
  data?: JsonObject;
  /** False: it does not say its address, the others infer it; default true. */
  advertises?: boolean;
  /** Default: by chance. */
  skew?: number;
}

/** Hears everything that any peer's core reports. */
export type CloudListener = (
  peer: SimulatedPeer,
  event: MembershipEvent,
) => void;

/** Streams of the seed that are not a peer's: the network's and the scenario's. */
const NETWORK_STREAM = 0;
const SCENARIO_STREAM = 1;
const FIRST_PEER_STREAM = 2;

/** Many cores on one in-memory network, in virtual time. */
export class SimulatedCloud {
  readonly clock = new VirtualClock();
  readonly network: InMemoryNetwork;
  /** Chance for what a scenario picks. */
  readonly random: SeededRandom;
  /** Every peer ever started, gone ones included. */
  readonly peers: SimulatedPeer[] = [];
  /** May answer requests in the cores' place; used to warm a cloud up. */
  intercept: SimulatedPeerOptions['intercept'] = () => undefined;
  readonly #listeners = new Set<CloudListener>();
  readonly #pool: RecordPool | undefined;
  readonly #watches = new Map<string, Watch>();

  constructor(readonly options: CloudOptions) {
    const { seed, profile = 'lan', bodies = 'share', work } = options;
    this.#pool = bodies === 'share' ? new RecordPool() : undefined;
    this.random = new SeededRandom(seed, SCENARIO_STREAM);
    const wire = LATENCIES[profile];
    this.network = new InMemoryNetwork({
      clock: this.clock,
      random: new SeededRandom(seed, NETWORK_STREAM),
      latency: work ? sharedProcessor(this.clock, work, wire) : wire,
      loss: options.loss ?? 0,
      bodies,
    });
  }

  get running(): SimulatedPeer[] {
    return this.peers.filter((peer) => peer.isRunning);
  }

  /** Running and not stalled. */
  get healthy(): SimulatedPeer[] {
    return this.peers.filter((peer) => peer.isHealthy);
  }

  /** Makes a peer; it does nothing until it is started. */
  add(options: AddOptions = {}): SimulatedPeer {
    const { seed, profile = 'lan', skew = CLOCK_SKEW } = this.options;
    const index = this.peers.length;
    const seeds = options.seeds ?? this.#someSeeds();
    const peer = new SimulatedPeer(this.network, {
      ip: options.ip ?? this.addressOf(index).ip,
      port: DEFAULT_PORT,
      advertises: options.advertises ?? true,
      data: options.data ?? { name: `peer-${index}` },
      membership: {
        ...resolveMembershipOptions({ profile }, 'membership'),
        seeds: seeds.map(({ ip, port }) => ({ ip, port })),
      },
      skew: options.skew ?? (this.random.next() * 2 - 1) * skew,
      seed,
      stream: FIRST_PEER_STREAM + index,
      intercept: (...request) => this.intercept(...request),
      pool: this.#pool,
      onEvent: (from, event) => this.#onEvent(from, event),
      ...(options.id === undefined ? {} : { id: options.id }),
    });
    this.peers.push(peer);
    return peer;
  }

  /** Where the peer with this number is, unless told otherwise: 10.0.0.1 for the first. */
  addressOf(index: number): PeerAddress {
    const host = index + 1;
    const ip = `10.${host >> 16}.${(host >> 8) & 255}.${host & 255}`;
    return { ip, port: DEFAULT_PORT };
  }

  /** Starts a new process at the address of one that ended, under the same id or a new one. */
  restart(peer: SimulatedPeer, options: AddOptions = {}): SimulatedPeer {
    const again = this.add({
      ip: peer.ip,
      data: peer.options.data,
      skew: peer.options.skew,
      ...options,
    });
    again.start();
    return again;
  }

  /** A running peer picked by chance, of those that fit. */
  pick(fits: (peer: SimulatedPeer) => boolean = () => true): SimulatedPeer {
    const candidates = this.healthy.filter(fits);
    const picked =
      candidates[Math.floor(this.random.next() * candidates.length)];
    if (!picked) {
      throw new Error('no peer of the cloud fits');
    }
    return picked;
  }

  /** Hears every event of every core; returns the way to stop. */
  onEvent(listener: CloudListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Follows from now on how the healthy peers learn that a member joined or left. */
  watch(type: 'peer.joined' | 'peer.left', id: string): Watch {
    const observers = this.healthy.filter((peer) => peer.id !== id);
    const watch = new Watch(this.clock.monotonic(), new Set(observers));
    this.#watches.set(`${type} ${id}`, watch);
    return watch;
  }

  unwatch(watch: Watch): void {
    for (const [key, value] of this.#watches) {
      if (value === watch) {
        this.#watches.delete(key);
      }
    }
  }

  #onEvent(peer: SimulatedPeer, event: MembershipEvent): void {
    for (const listener of this.#listeners) {
      listener(peer, event);
    }
    if (this.#watches.size === 0) {
      return;
    }
    if (event.type !== 'peer.joined' && event.type !== 'peer.left') {
      return;
    }
    this.#watches
      .get(`${event.type} ${event.member.id}`)
      ?.note(peer, this.clock.monotonic());
  }

  #someSeeds(): readonly PeerAddress[] {
    return this.peers.some((peer) => peer.isHealthy) ? [this.pick()] : [];
  }
}
