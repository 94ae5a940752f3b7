import type {
  INestApplication,
  INestApplicationContext,
  InjectionToken,
  ModuleMetadata,
  Type,
} from '@nestjs/common';
import { readNumber } from '../options/option-checks.js';
import type { PeerAddress } from '../wire/bodies.js';
import { CloudClock } from './cloud-clock.js';
import type { InMemoryPeers } from './in-memory-peer.js';
import { MessageRecorder, type RecordedMessage } from './message-recorder.js';
import { InMemoryNetwork } from './network/in-memory-network.js';
import { SeededRandom } from './network/seeded-random.js';
import { reportSeed } from './seed-report.js';
import { TestCloudError } from './test-cloud.error.js';
import {
  checkCount,
  MAX_APPS,
  readLatency,
  readLoss,
  readModule,
  resolveTestCloudOptions,
  type ResolvedTestCloudOptions,
  type TestCloudModule,
  type TestCloudOptions,
} from './test-cloud.options.js';
import { startPeer, type TestPeer } from './test-peer.js';

/** Ms of the cloud's time that `settled()` and `until()` take at most, unless told otherwise. */
const PATIENCE = 60_000;

/** One app, or several, by index. */
export type AppIndexes = number | readonly number[];

/**
 * Starts a cloud of whole apps that share nothing but a network in memory: no ports, no sockets, and a time
 * of its own. It resolves when all of them are in one cloud and settled.
 *
 * ```ts
 * await using cloud = await createTestCloud(3, AppModule);
 * ```
 *
 * @param count apps, 1 to 200
 * @param module what each is made of: the root module, or metadata as `Test.createTestingModule()` takes it
 * @throws OptionsError for a wrong argument; TestCloudError (`NO_PEER_CLOUD`, `SAME_ID`, `NOT_IN_TIME`);
 *   whatever the apps throw when they start
 */
export async function createTestCloud<
  A extends INestApplicationContext = INestApplication,
>(
  count: number,
  module: TestCloudModule,
  options: TestCloudOptions<A> = {},
): Promise<TestCloud<A>> {
  checkCount(count, 'count', MAX_APPS);
  const resolved = resolveTestCloudOptions(options);
  const cloud = new TestCloud<A>(
    readModule(module),
    resolved,
    reportSeed(resolved.seed),
  );
  try {
    await cloud.add(count);
    return cloud;
  } catch (error) {
    await cloud.close();
    throw error;
  }
}

/** A cloud of whole apps in one test; made by `createTestCloud()`. */
export class TestCloud<
  A extends INestApplicationContext = INestApplication,
> implements AsyncDisposable {
  readonly #clock: CloudClock;
  readonly #network: InMemoryNetwork;
  readonly #recorder: MessageRecorder;
  readonly #metadata: ModuleMetadata;
  /** What each app is made of, by index. */
  readonly #made: ModuleMetadata[] = [];
  readonly #options: ResolvedTestCloudOptions;
  readonly #addresses: PeerAddress[] = [];
  readonly #peers: TestPeer[] = [];
  readonly #listening: InMemoryPeers = new Map();
  /** Indexes by id, those of apps that have gone included. */
  readonly #ids = new Map<string, number>();
  readonly #closed: () => void;
  #starts = 0;

  /** @internal */
  constructor(
    metadata: ModuleMetadata,
    options: ResolvedTestCloudOptions,
    closed: () => void,
  ) {
    this.#metadata = metadata;
    this.#options = options;
    this.#closed = closed;
    this.#clock = new CloudClock(options.flows);
    this.#network = new InMemoryNetwork({
      clock: this.#clock,
      random: new SeededRandom(options.seed),
    });
    this.#recorder = new MessageRecorder((id) => this.#ids.get(id) ?? -1);
  }

  /** Give it to `createTestCloud()` as the option `seed`, and chance decides as it did in this cloud. */
  get seed(): number {
    return this.#options.seed;
  }

  /** All apps by index, those that have been closed or killed included. */
  get apps(): A[] {
    return this.#peers.map(({ app }) => app as A);
  }

  /** What the apps have sent to each other and to themselves, in its order: the last 10,000 messages. */
  get messages(): readonly RecordedMessage[] {
    return this.#recorder.messages;
  }

  /** A provider of an app, wherever in it. */
  get<T>(index: number, token: InjectionToken<T>): T {
    return this.#peer(index).app.get<T>(token as Type<T>, { strict: false });
  }

  /** The peer id of an app. */
  id(index: number): string {
    return this.#peer(index).id;
  }

  /**
   * Starts more apps, which join the others.
   *
   * @param module what each is made of, such as the next version of the app; default: as the first ones
   * @returns their indexes; when all apps are settled
   */
  async add(count = 1, module?: TestCloudModule): Promise<number[]> {
    const metadata = module ? readModule(module) : this.#metadata;
    const room = MAX_APPS - this.#peers.length;
    const added = Array.from(
      { length: checkCount(count, 'count', room) },
      (_, at) => this.#peers.length + at,
    );
    this.#addresses.push(...added.map(addressOf));
    added.forEach((index) => (this.#made[index] = metadata));
    for (const index of added) {
      await this.#start(index);
    }
    await this.settled();
    return added;
  }

  /**
   * Resolves when every running app has on its list exactly those that it can reach, nobody is suspected, and
   * all of them own keys that are going to. It lets the cloud's time run ahead.
   *
   * @param options - `timeout`: ms of the cloud's time; default 60,000
   * @throws TestCloudError `NOT_IN_TIME`, with the lists
   */
  async settled(options: { timeout?: number } = {}): Promise<void> {
    const timeout = readTimeout(options.timeout);
    if (!(await this.#clock.until(() => this.#isSettled(), timeout))) {
      throw this.#error(
        'NOT_IN_TIME',
        `the cloud has not settled within ${timeout} ms of its time: ${this.#describe()}`,
      );
    }
  }

  /**
   * Resolves when the condition holds. It lets the cloud's time run ahead.
   *
   * @param options - `timeout`: ms of the cloud's time; default 60,000
   * @throws TestCloudError `NOT_IN_TIME`
   */
  async until(
    condition: () => boolean,
    options: { timeout?: number } = {},
  ): Promise<void> {
    const timeout = readTimeout(options.timeout);
    if (!(await this.#clock.until(condition, timeout))) {
      throw this.#error(
        'NOT_IN_TIME',
        `not within ${timeout} ms of the cloud's time: ${String(condition)}`,
      );
    }
  }

  /** Lets so many ms of the cloud's time pass, as fast as the work allows. */
  advance(ms: number): Promise<void> {
    return this.#clock.advance(
      readNumber(ms ?? null, 'ms', { min: 0, max: 2 ** 31, default: NaN }),
    );
  }

  /**
   * Cuts the network between some apps and others, in both directions. Who can still reach both sides keeps
   * them in one cloud.
   *
   * @param one the first side
   * @param other default: all that are not on the first one
   * @returns heals this partition and no other
   */
  partition(one: AppIndexes, other?: AppIndexes): () => void {
    const side = this.#ips(one);
    const rest = this.#addresses
      .map(({ ip }) => ip)
      .filter((ip) => !side.includes(ip));
    return this.#network.links.part(
      side,
      other === undefined ? rest : this.#ips(other),
    );
  }

  /** All partitions are over. */
  heal(): void {
    this.#network.links.heal();
  }

  /**
   * Sets how long one direction takes from now on.
   *
   * @param ms the cloud's time, or a function that draws it by `random.next()`, 0 to 1
   */
  latency(ms: number | ((random: { next(): number }) => number)): void {
    this.#network.latency = readLatency(ms);
  }

  /**
   * Sets how much is lost from now on. What is lost of a request or its answer has gone; what is lost of a
   * stream of messages comes 200 ms later, as with TCP.
   *
   * @param share 0 to 1, of each direction
   */
  loss(share: number): void {
    this.#network.loss = readLoss(share);
  }

  /**
   * An app is gone from one moment to the next, without a word to the others. What it holds is freed: its
   * shutdown hooks run, where it reaches nobody any more.
   */
  async kill(index: number): Promise<void> {
    const peer = this.#running(index);
    peer.network.crash();
    await this.#clock.during(() => peer.app.close());
    // The others have heard that their connections broke.
    await this.#clock.advance(0);
  }

  /** An app stands still for the others: what they send to it, and what it sends, waits until `wake()`. */
  stall(index: number): void {
    this.#running(index).stall();
  }

  /** It goes on. */
  wake(index: number): void {
    this.#running(index).wake();
  }

  /** Closes an app, if it runs, in order, and starts it anew at its address; `apps[index]` is the new one. */
  async restart(index: number): Promise<A> {
    const peer = this.#peer(index);
    if (peer.isRunning) {
      await this.#clock.during(() => peer.app.close());
    }
    return (await this.#start(index)).app as A;
  }

  /**
   * Closes all apps that run.
   *
   * @throws what the first of them throws, when all are closed
   */
  async close(): Promise<void> {
    this.heal();
    this.loss(0);
    this.latency(0);
    const running = this.#peers.filter((peer) => peer.isRunning);
    running.forEach((peer) => peer.wake());
    const closed = await this.#clock.during(() =>
      Promise.allSettled(running.map(({ app }) => app.close())),
    );
    this.#clock.stop();
    this.#closed();
    for (const each of closed) {
      if (each.status === 'rejected') {
        throw each.reason;
      }
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #start(index: number): Promise<TestPeer> {
    const peer = await this.#clock.during(() =>
      startPeer(index, this.#starts++, {
        network: this.#network,
        metadata: this.#made[index]!,
        options: this.#options,
        recorder: this.#recorder,
        addresses: this.#addresses,
        peers: this.#listening,
      }),
    );
    this.#peers[index] = peer;
    this.#know(peer.id, index);
    return peer;
  }

  #know(id: string, index: number): void {
    const same = this.#ids.get(id);
    if (same !== undefined && same !== index) {
      throw this.#error(
        'SAME_ID',
        `the apps ${same} and ${index} have the same id, ${JSON.stringify(id)}: give each its own, as in { peerCloud: (index) => ({ id: \`app-\${index}\` }) }`,
      );
    }
    this.#ids.set(id, index);
  }

  #isSettled(): boolean {
    const running = this.#peers.filter((peer) => peer.isRunning);
    return this.#sides(running).every((side) => {
      const awake = side.filter(({ isStalled }) => !isStalled);
      const [first] = awake;
      return awake.every(
        ({ isSettled, network: { core } }) =>
          isSettled &&
          core.digest === first!.network.core.digest &&
          core.members().length === awake.length - 1 &&
          core.members().every(({ state }) => state === 'alive'),
      );
    });
  }

  /** The apps, by whom they reach, be it by others. */
  #sides(peers: readonly TestPeer[]): TestPeer[][] {
    const sides: TestPeer[][] = [];
    const left = new Set(peers);
    for (const first of left) {
      const side = [first];
      left.delete(first);
      for (const member of side) {
        for (const other of left) {
          if (this.#areLinked(member, other)) {
            side.push(other);
            left.delete(other);
          }
        }
      }
      sides.push(side);
    }
    return sides;
  }

  #areLinked(one: TestPeer, other: TestPeer): boolean {
    const { links } = this.#network;
    const { isStalled } = one;
    return (
      isStalled === other.isStalled &&
      links.connects(one.ip, other.ip) &&
      links.connects(other.ip, one.ip)
    );
  }

  #describe(): string {
    const lists = this.#peers
      .map((peer, index) => ({ peer, index }))
      .filter(({ peer }) => peer.isRunning)
      .map(({ peer, index }) => {
        const others = peer.network.core
          .members()
          .map(({ id, state }) => {
            const other = this.#ids.get(id) ?? id;
            return state === 'alive' ? other : `${other} (${state})`;
          })
          .join(', ');
        return `app ${index} lists ${others || 'nobody'}`;
      });
    return lists.join('; ') || 'no app runs';
  }

  #ips(indexes: AppIndexes): string[] {
    return [indexes].flat().map((index) => this.#peer(index as number).ip);
  }

  #running(index: number): TestPeer {
    const peer = this.#peer(index);
    if (!peer.isRunning) {
      throw this.#error(
        'NO_SUCH_APP',
        `app ${index} does not run: restart(${index}) starts it again`,
      );
    }
    return peer;
  }

  #peer(index: number): TestPeer {
    const peer = this.#peers[index];
    if (!peer) {
      throw this.#error(
        'NO_SUCH_APP',
        `there is no app ${String(index)}: this cloud has ${this.#peers.length}, from 0`,
      );
    }
    return peer;
  }

  #error(code: TestCloudError['code'], message: string): TestCloudError {
    return new TestCloudError(code, message, this.seed);
  }
}

/** A loopback address for each app: where there is no network, nobody can reach a peer by mistake. */
function addressOf(index: number): PeerAddress {
  return { ip: `127.0.1.${index + 1}`, port: 9338 };
}

function readTimeout(timeout: unknown): number {
  return readNumber(timeout, 'timeout', {
    min: 0,
    max: 2 ** 31,
    default: PATIENCE,
  });
}
