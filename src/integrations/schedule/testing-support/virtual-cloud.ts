import { Links } from '../../../testing/network/links.js';
import { SeededRandom } from '../../../testing/network/seeded-random.js';
import { VirtualClock } from '../../../testing/network/virtual-clock.js';
import type { PeerRun } from '../core/job-runner.js';
import { VirtualFence } from './virtual-fence.js';
import { VirtualPeer, type VirtualJob } from './virtual-peer.js';

/** A run as somebody outside counts it. */
export interface RunRecord {
  job: string;
  peer: string;
  occurrence: number;
  token: bigint | undefined;
  /** Ms of virtual time. */
  start: number;
  end: number;
}

/** Ms until others know: from, to. */
const TIMES = {
  latency: [0.2, 5],
  settle: [300, 800],
  joined: [5, 300],
  left: [5, 200],
  crashed: [500, 3_000],
  parted: [4_000, 10_000],
  healed: [200, 2_000],
} as const;

/** Ms after which a process that stands still is taken for dead. */
const STALL_IS_DEATH = 8_000;

/** Schedulers in virtual time over a network that delays, loses and parts, with a membership that is late. */
export class VirtualCloud {
  readonly clock = new VirtualClock();
  readonly links = new Links();
  readonly fence = new VirtualFence(this);
  readonly runs: RunRecord[] = [];
  readonly warnings: string[] = [];
  readonly peers = new Map<string, VirtualPeer>();
  /** Part of the messages that are lost. */
  loss = 0;
  /** Messages so far. */
  carried = 0;
  /** Occurrences and singletons that were taken over so far. */
  takenOver = 0;

  readonly #jobs: VirtualJob[];
  readonly #random: SeededRandom;
  readonly #scores = new Map<string, number>();
  /** All peers that ever were, the first in rank before the others, for each job. */
  readonly #orders = new Map<string, string[]>();
  #made = 0;

  constructor(jobs: VirtualJob[], seed = 1) {
    this.#jobs = jobs;
    this.#random = new SeededRandom(seed);
  }

  get random(): SeededRandom {
    return this.#random;
  }

  peer(id: string): VirtualPeer {
    return this.peers.get(id)!;
  }

  alive(): VirtualPeer[] {
    return [...this.peers.values()];
  }

  /** Starts a peer; it takes part a moment later. */
  start(options: { skew?: number; jobs?: VirtualJob[] } = {}): VirtualPeer {
    const { skew = 0, jobs = this.#jobs } = options;
    const id = `${this.#draw([0, 1]).toFixed(6).slice(2)}-${this.#made++}`;
    const peer = new VirtualPeer(this, { id, skew, jobs });
    for (const other of this.alive()) {
      if (this.links.connects(id, other.id)) {
        peer.view.add(other.id);
        this.#meet(other, peer, 'joined');
      }
    }
    this.peers.set(id, peer);
    this.#insert(id);
    peer.clock.setTimeout(
      () => void peer.scheduler.start(),
      this.#draw(TIMES.settle),
    );
    return peer;
  }

  /** Starts many, and waits until all take part. */
  async startMany(count: number): Promise<void> {
    for (let made = 0; made < count; made++) {
      this.start();
    }
    await this.settled();
  }

  async settled(): Promise<void> {
    const isSettled = () =>
      this.alive().every((peer) => peer.scheduler.isReady);
    await this.clock.runUntil(isSettled, { timeout: 60_000 });
    await this.clock.run(1_000);
  }

  /** Ends a process without a word. */
  kill(id: string): void {
    const peer = this.peer(id);
    peer.isAlive = false;
    peer.isStalled = false;
    this.peers.delete(id);
    this.alive().forEach((other) => this.#miss(other, id, 'crashed', false));
  }

  /** Ends a process as a shutdown does. */
  async leave(id: string): Promise<void> {
    const peer = this.peer(id);
    await peer.scheduler.end(AbortSignal.any([]));
    peer.isAlive = false;
    this.peers.delete(id);
    this.alive().forEach((other) => this.#miss(other, id, 'left', true));
  }

  /** A process stands still for a while. */
  stall(id: string, ms: number): void {
    const peer = this.peer(id);
    peer.isStalled = true;
    if (ms > STALL_IS_DEATH) {
      this.clock.setTimeout(
        () =>
          this.alive().forEach((other) =>
            this.#miss(other, id, 'crashed', false),
          ),
        STALL_IS_DEATH - TIMES.crashed[1],
      );
    }
    this.clock.setTimeout(() => {
      peer.wake();
      if (peer.isAlive) {
        this.#reunite(peer);
      }
    }, ms);
  }

  /**
   * Parts the cloud in two.
   * @returns heals it
   */
  part(one: string[], other: string[]): () => void {
    const heal = this.links.part(one, other);
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      for (const id of from) {
        const peer = this.peers.get(id);
        if (peer) {
          to.forEach((lost) => this.#miss(peer, lost, 'parted', false));
        }
      }
    }
    return () => {
      heal();
      this.alive().forEach((peer) => this.#reunite(peer));
    };
  }

  /** Brings a message to a peer; to nobody, if none listens there. */
  carry(
    from: string,
    to: string,
    deliver: (target: VirtualPeer | undefined) => void,
  ): void {
    this.carried += 1;
    if (this.loss > 0 && this.#draw([0, 1]) < this.loss) {
      return;
    }
    this.clock.setTimeout(() => {
      if (!this.links.connects(from, to)) {
        return;
      }
      const target = this.peers.get(to);
      if (target) {
        target.arrive(() => deliver(target));
      } else {
        deliver(undefined);
      }
    }, this.#draw(TIMES.latency));
  }

  /** The first by rendezvous hashing of those who may run a job. */
  rank(
    job: string,
    mayRun: (peer: string) => boolean = () => true,
    count = Infinity,
  ): string[] {
    let order = this.#orders.get(job);
    if (!order) {
      order = [...this.peers.keys()].sort(
        (a, b) => this.#score(job, b) - this.#score(job, a),
      );
      this.#orders.set(job, order);
    }
    const rank: string[] = [];
    for (const peer of order) {
      if (rank.length === count) {
        break;
      }
      if (mayRun(peer)) {
        rank.push(peer);
      }
    }
    return rank;
  }

  ran(peer: string, { name, occurrence, token }: PeerRun): RunRecord {
    const record = {
      job: name,
      peer,
      occurrence: occurrence?.getTime() ?? 0,
      token,
      start: this.clock.monotonic(),
      end: this.clock.monotonic(),
    };
    this.runs.push(record);
    return record;
  }

  /** Occurrences between two points of virtual time that ran not once, by how often they ran. */
  verdict(
    job: string,
    every: number,
    from: number,
    to: number,
  ): { lost: number[]; double: number[]; total: number } {
    const counts = new Map<number, number>();
    for (const run of this.runs) {
      if (run.job === job) {
        counts.set(run.occurrence, (counts.get(run.occurrence) ?? 0) + 1);
      }
    }
    const lost: number[] = [];
    const double: number[] = [];
    let total = 0;
    const first = Math.ceil((this.clock.start + from) / every) * every;
    for (let time = first; time < this.clock.start + to; time += every) {
      const count = counts.get(time) ?? 0;
      total += 1;
      if (count !== 1) {
        (count === 0 ? lost : double).push(time - this.clock.start);
      }
    }
    return { lost, double, total };
  }

  #insert(id: string): void {
    for (const [job, order] of this.#orders) {
      const score = this.#score(job, id);
      const at = order.findIndex((other) => this.#score(job, other) < score);
      order.splice(at < 0 ? order.length : at, 0, id);
    }
  }

  #score(job: string, peer: string): number {
    const key = `${job} ${peer}`;
    let score = this.#scores.get(key);
    if (score === undefined) {
      let hash = 0x811c9dc5;
      for (const character of key) {
        hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
      }
      hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
      score = (hash ^ (hash >>> 15)) >>> 0;
      this.#scores.set(key, score);
    }
    return score;
  }

  #meet(peer: VirtualPeer, other: VirtualPeer, when: keyof typeof TIMES): void {
    this.#inform(peer, when, () => {
      if (
        !peer.view.has(other.id) &&
        this.peers.has(other.id) &&
        this.links.connects(peer.id, other.id)
      ) {
        peer.view.add(other.id);
        peer.scheduler.peerJoined(other.id);
      }
    });
  }

  #miss(
    peer: VirtualPeer,
    id: string,
    when: keyof typeof TIMES,
    inPeace: boolean,
  ): void {
    this.#inform(peer, when, () => {
      const isBack = when === 'parted' && this.links.connects(peer.id, id);
      if (!isBack && peer.view.delete(id)) {
        peer.scheduler.peerLeft(id, inPeace);
      }
    });
  }

  #reunite(peer: VirtualPeer): void {
    for (const other of this.alive()) {
      if (other !== peer && this.links.connects(peer.id, other.id)) {
        this.#meet(peer, other, 'healed');
        this.#meet(other, peer, 'healed');
      }
    }
  }

  #inform(
    peer: VirtualPeer,
    when: keyof typeof TIMES,
    callback: () => void,
  ): void {
    this.clock.setTimeout(() => peer.arrive(callback), this.#draw(TIMES[when]));
  }

  #draw([from, to]: readonly [number, number]): number {
    return from + (this.#random.uint32() / 2 ** 32) * (to - from);
  }
}
