import type { INestApplicationContext, ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { HealthCheckSchedule } from '../health/health-check.schedule.js';
import {
  EventLoopDelay,
  MembershipService,
  type MembershipCore,
} from '../membership/index.js';
import { SelfLane, StreamLane } from '../messaging/index.js';
import type {
  PeerCloudOptions,
  ResolvedPeerCloudOptions,
} from '../options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOCK,
  PEER_CLOUD_OPTIONS,
  PEER_RANDOM,
} from '../options/peer-cloud.tokens.js';
import { resolvePeerCloudOptions } from '../options/resolve-options.js';
import { PEER_CLOUD_INPUT } from '../peer-cloud.module-definition.js';
import { ProtocolSetup } from '../protocol/index.js';
import type { PeerAddress } from '../wire/bodies.js';
import { InMemoryPeer, type InMemoryPeers } from './in-memory-peer.js';
import type { MessageRecorder } from './message-recorder.js';
import type { InMemoryNetwork } from './network/in-memory-network.js';
import type { ProcessClock } from './network/process-clock.js';
import { SeededRandom } from './network/seeded-random.js';
import { TestCloudError } from './test-cloud.error.js';
import type { ResolvedTestCloudOptions } from './test-cloud.options.js';

/** What the apps of a cloud have in common. */
export interface TestCloudContext {
  readonly network: InMemoryNetwork;
  readonly metadata: ModuleMetadata;
  readonly options: ResolvedTestCloudOptions;
  readonly recorder: MessageRecorder;
  /** Addresses of all apps. */
  readonly addresses: readonly PeerAddress[];
  readonly peers: InMemoryPeers;
}

/** One app of a test cloud, from its start to its end. */
export class TestPeer {
  isStalled = false;
  /** True when it has taken part for long enough to be told from one that still starts. */
  isSettled = false;

  constructor(
    readonly app: INestApplicationContext,
    readonly network: InMemoryPeer,
  ) {
    const membership = app.get(MembershipService, { strict: false });
    void membership.whenSettled().then(() => {
      this.isSettled = true;
    });
  }

  get id(): string {
    return this.network.core.id;
  }

  get ip(): string {
    return this.network.process.ip;
  }

  /** False once it has left, or was killed. */
  get isRunning(): boolean {
    return this.network.isListening;
  }

  stall(): void {
    this.isStalled = true;
    this.network.process.stall();
  }

  wake(): void {
    this.isStalled = false;
    this.network.process.wake();
  }
}

/** Makes the app of an index and starts it; it is on the network, and tries to join. */
export async function startPeer(
  index: number,
  start: number,
  context: TestCloudContext,
): Promise<TestPeer> {
  const { network, metadata, options, recorder, addresses } = context;
  const peer = new InMemoryPeer(network, addresses[index]!, context.peers);
  const random = new SeededRandom(options.seed, start + 1);
  const builder = onNetwork(
    Test.createTestingModule(metadata),
    peer,
    random,
    (input) => ({
      ...input,
      ...options.peerCloud(index),
      ...placeOf(peer, addresses),
    }),
  );
  const module = await options.configure(builder, index).compile();
  const app = options.createApp(module, index);
  peer.attach(checked(app, options.seed));
  for (const lane of [StreamLane, SelfLane]) {
    recorder.watch(
      index,
      app.get<StreamLane | SelfLane>(lane, { strict: false }),
    );
  }
  await app.init();
  return new TestPeer(app, peer);
}

/** Puts the network in memory in the place of the real one, and the cloud's time and chance in that of the machine's. */
function onNetwork(
  builder: TestingModuleBuilder,
  peer: InMemoryPeer,
  random: SeededRandom,
  place: (input: PeerCloudOptions) => PeerCloudOptions,
): TestingModuleBuilder {
  const { clock } = peer.process;
  const nothing = () => {};
  return builder
    .overrideProvider(PEER_CLOUD_OPTIONS)
    .useFactory({
      inject: [PEER_CLOUD_INPUT],
      factory: (input: PeerCloudOptions) =>
        withIdFrom(random, resolvePeerCloudOptions(place(input))),
    })
    .overrideProvider(PEER_CLOCK)
    .useValue(clock)
    .overrideProvider(PEER_RANDOM)
    .useValue(random)
    .overrideProvider(EventLoopDelay)
    .useValue({ read: () => clock.delay() })
    .overrideProvider(HealthCheckSchedule)
    .useFactory({
      inject: [MEMBERSHIP_CORE, PEER_CLOUD_OPTIONS],
      factory: (
        core: MembershipCore,
        { healthCheck }: ResolvedPeerCloudOptions,
      ) => checksOn(clock, random, core, healthCheck && healthCheck.interval),
    })
    .overrideProvider(ProtocolSetup)
    .useValue({ apply: nothing, cutOff: nothing });
}

/** All apps are seeds of each other. */
function placeOf(
  peer: InMemoryPeer,
  addresses: readonly PeerAddress[],
): PeerCloudOptions {
  return {
    enabled: true,
    transport: peer.asTransport,
    peers: addresses.filter(({ ip }) => ip !== peer.address.ip),
    ip: undefined,
    port: undefined,
    listener: undefined,
    tls: undefined,
    addresses: undefined,
  };
}

/** An id by chance is one of the cloud's chance. */
function withIdFrom(
  random: SeededRandom,
  options: ResolvedPeerCloudOptions,
): ResolvedPeerCloudOptions {
  return options.hasFixedId ? options : { ...options, id: random.uuid() };
}

/** The schedule of health checks, in the cloud's time. */
function checksOn(
  clock: ProcessClock,
  random: SeededRandom,
  core: MembershipCore,
  interval: number | false,
): Pick<HealthCheckSchedule, 'start' | 'stop'> {
  let timer: unknown;
  let isTicking = false;
  const tick = async () => {
    isTicking = true;
    await core.tick();
    isTicking = false;
  };
  const next = (ms: number) => {
    timer = clock.setTimeout(() => {
      next(Number(interval));
      if (!isTicking) {
        void tick();
      }
    }, ms);
  };
  return {
    start: () => {
      if (interval !== false) {
        next(interval * random.next());
      }
    },
    stop: () => clock.clearTimeout(timer),
  };
}

/** @throws TestCloudError for an app that is no peer */
function checked<A extends INestApplicationContext>(app: A, seed: number): A {
  try {
    app.get(MEMBERSHIP_CORE, { strict: false });
    return app;
  } catch (cause) {
    throw new TestCloudError(
      'NO_PEER_CLOUD',
      'the module has no PeerCloudModule.forRoot() or forRootAsync() among its imports, so its app is no peer',
      seed,
      { cause },
    );
  }
}
