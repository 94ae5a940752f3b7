import type { PeerSeed } from '../../../options/peer-list.js';
import { coreReceiver } from '../../../testing/network/core-receiver.js';
import { InMemoryNetwork } from '../../../testing/network/in-memory-network.js';
import type { InMemoryProcess } from '../../../testing/network/in-memory-process.js';
import { SeededRandom } from '../../../testing/network/seeded-random.js';
import { VirtualClock } from '../../../testing/network/virtual-clock.js';
import type { Endpoint } from '../../../wire/endpoints.js';
import type { JsonObject } from '../../../wire/json.js';
import type { PeerAddress, PeerInfo } from '../../../wire/bodies.js';
import { MembershipCore } from '../membership-core.js';
import {
  resolveMembershipOptions,
  type ResolvedMembershipOptions,
} from '../options/membership.options.js';
import type {
  Member,
  MembershipEnvironment,
  MembershipEvent,
  SelfDescription,
} from '../membership.types.js';
import { FakePeer, type FakePeerOptions } from './fake-peer.js';
import { LegacyPeer } from './legacy-peer.js';

/** How to start a core in a test. */
export interface TestPeerOptions {
  ip?: string;
  port?: number;
  seeds?: readonly PeerSeed[];
  data?: JsonObject;
  cloud?: string;
  /** True: it takes no other id. */
  hasFixedId?: boolean;
  /** False: the others infer its address. */
  advertises?: boolean;
  /** False: it is ticked by the test only. */
  ticks?: boolean;
  options?: Partial<ResolvedMembershipOptions>;
  env?: Partial<MembershipEnvironment>;
}

/** A request as it went over the network of a test. */
export interface SeenRequest {
  from: string;
  to: string;
  endpoint: Endpoint;
  body: JsonObject;
}

/** A core in a test, and what it said. */
export interface TestPeer {
  readonly core: MembershipCore;
  readonly process: InMemoryProcess;
  readonly events: MembershipEvent[];
  readonly log: string[];
  readonly address: PeerAddress;
}

/** Cores, fakes and legacy peers on one network in virtual time. */
export class TestCloud {
  readonly clock = new VirtualClock();
  readonly network: InMemoryNetwork;
  readonly requests: SeenRequest[] = [];
  #count = 0;

  constructor(readonly seed = 1) {
    this.network = new InMemoryNetwork({
      clock: this.clock,
      random: new SeededRandom(seed),
      latency: () => 1,
    });
  }

  /** Starts a core under the id. */
  peer(id: string, options: TestPeerOptions = {}): TestPeer {
    const address = this.#place(options);
    const events: MembershipEvent[] = [];
    const log: string[] = [];
    const process = this.network.start({
      ...address,
      senderId: () => core.id,
      handler: (endpoint, body, origin) => {
        this.#see(origin.senderId, core.id, endpoint, body as JsonObject);
        return receive(endpoint, body, origin);
      },
    });
    const core: MembershipCore = new MembershipCore(
      describe(id, address, options),
      {
        ...resolveMembershipOptions(),
        seeds: options.seeds ?? [],
        ...options.options,
      },
      {
        clock: process.clock,
        random: new SeededRandom(this.seed, ++this.#count),
        transport: process.transport,
        logger: {
          log: (text) => void log.push(text),
          debug: () => {},
          warn: (text) => void log.push(text),
        },
        resolve: (host) => Promise.resolve([host]),
        addressRefusal: () => undefined,
        eventLoopDelay: () => process.clock.delay(),
        ...options.env,
      },
    );
    const receive = coreReceiver<Member>(() => core);
    core.onEvent((event) => events.push(event));
    core.start({ port: address.port });
    if (options.ticks !== false) {
      this.#tick(process, core);
    }
    return { core, process, events, log, address };
  }

  /** Starts peers that are members of one cloud, by the names given. */
  async cloud(
    ids: readonly string[],
    options: TestPeerOptions = {},
  ): Promise<TestPeer[]> {
    const peers: TestPeer[] = [];
    for (const id of ids) {
      const seeds = peers[0] ? [peers[0].address] : [];
      peers.push(this.peer(id, { seeds, ...options }));
      await this.clock.run(100);
    }
    await this.clock.run(5000);
    return peers;
  }

  /** Starts a peer that answers what the test says. */
  fake(id: string, options: FakePeerOptions = {}): FakePeer {
    return new FakePeer(
      this.network,
      id,
      this.#place(options),
      options,
      (from, endpoint, body) => this.#see(from, id, endpoint, body),
    );
  }

  /** Starts fakes that are members of a peer's cloud. */
  async members(peer: TestPeer, ids: readonly string[]): Promise<FakePeer[]> {
    const fakes = ids.map((id) => this.fake(id));
    for (const fake of fakes) {
      await this.settle(fake.join(peer.address));
    }
    return fakes;
  }

  /** Starts a peer that behaves as the original implementation does. */
  legacy(
    id: string,
    options: { ip?: string; checks?: boolean } = {},
  ): LegacyPeer {
    return new LegacyPeer(
      this.network,
      id,
      this.#place(options),
      new SeededRandom(this.seed, ++this.#count),
      options.checks ?? false,
      (from, endpoint, body) => this.#see(from, id, endpoint, body),
    );
  }

  /** Requests to a peer, for one endpoint. */
  to(id: string, endpoint: Endpoint): SeenRequest[] {
    return this.requests.filter(
      (request) => request.to === id && request.endpoint === endpoint,
    );
  }

  /** Resolves when `ms` have passed, for fakes that take their time. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.setTimeout(resolve, ms);
    });
  }

  /** Lets time pass until the condition holds; fails if it never does. */
  async until(condition: () => boolean, timeout = 60_000): Promise<void> {
    const holds = await this.clock.runUntil(condition, { timeout, every: 10 });
    if (!holds) {
      throw new Error(`not within ${timeout} ms: ${String(condition)}`);
    }
  }

  /** Lets time pass until the promise is settled, and gives its value. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const end = () => {
      isSettled = true;
    };
    promise.then(end, end);
    await this.until(() => isSettled);
    return promise;
  }

  #tick(process: InMemoryProcess, core: MembershipCore): void {
    process.clock.setTimeout(() => {
      void core.tick();
      this.#tick(process, core);
    }, 1000);
  }

  #see(
    from: string | undefined,
    to: string,
    endpoint: Endpoint,
    body: JsonObject,
  ): void {
    this.requests.push({ from: from ?? '', to, endpoint, body });
  }

  #place({ ip, port }: { ip?: string; port?: number }): PeerAddress {
    return { ip: ip ?? `10.0.0.${++this.#count}`, port: port ?? 9338 };
  }
}

/** Ids of the members that a peer lists, sorted. */
export function idsOf({ core }: TestPeer): string[] {
  return core
    .members()
    .map(({ id }) => id)
    .sort();
}

/** What a peer would say of itself to others. */
export function infoOf({ core, address }: TestPeer): PeerInfo {
  const { id, data, features, incarnation } = core.self;
  return { id, ...address, data, features, incarnation };
}

/** Types of the events of a peer, with the ids of the members. */
export function told({ events }: TestPeer): string[] {
  return events.map((event) =>
    'member' in event
      ? `${event.type} ${event.member.id}${'reason' in event ? ` ${event.reason}` : ''}`
      : event.type,
  );
}

function describe(
  id: string,
  { ip }: PeerAddress,
  { data, cloud, advertises, hasFixedId = false }: TestPeerOptions,
): SelfDescription {
  return {
    id,
    hasFixedId,
    data: data ?? { name: id },
    ...(advertises !== false && { ip }),
    ...(cloud !== undefined && { cloud }),
  };
}
