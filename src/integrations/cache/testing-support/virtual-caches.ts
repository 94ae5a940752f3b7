import { DropExchange, type Receipt } from '../core/drop-exchange.js';
import type { DropMessage } from '../core/drop-message.js';
import { GuardedStore } from '../core/guarded-store.js';

export interface VirtualOptions {
  replicas: number;
  seed: number;
  /** Ms after which an entry expires. */
  ttl: number;
  /** Drops that each replica remembers. */
  memory?: number;
}

/** Ms after which a peer that cannot be reached is taken for dead, and one that can be is a member again. */
const DETECTION = 5_000;

/** What one version of a key's value at the source is known by. */
export type Version = number;

/** Replicas with a cache each over one source, in virtual time; every delay comes from the seed. */
export class VirtualCaches {
  readonly replicas: VirtualReplica[];
  /** Newest version of each key at the source. */
  readonly source = new Map<string, Version>();
  readonly options: VirtualOptions;
  now = 0;
  #random: number;
  /** The next one first. */
  #events: { at: number; run: () => void }[] = [];
  #parted = new Set<string>();

  constructor(options: VirtualOptions) {
    this.options = options;
    this.#random = options.seed | 1;
    this.replicas = Array.from(
      { length: options.replicas },
      (_, at) => new VirtualReplica(this, `r${at}`),
    );
    for (const replica of this.replicas) {
      this.#others(replica).forEach(({ id }) => replica.see(id));
    }
  }

  at(delay: number, run: () => void): () => void {
    const event = { at: this.now + delay, run };
    const later = this.#events.findIndex((each) => each.at > event.at);
    this.#events.splice(later < 0 ? this.#events.length : later, 0, event);
    return () => {
      this.#events = this.#events.filter((each) => each !== event);
    };
  }

  sleep(delay: number): Promise<void> {
    return new Promise((resolve) => this.at(delay, resolve));
  }

  /** 0 up to that, exclusive: xorshift. */
  random(below: number): number {
    this.#random ^= this.#random << 13;
    this.#random ^= this.#random >>> 17;
    this.#random ^= this.#random << 5;
    return (this.#random >>> 0) % below;
  }

  async run(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      await new Promise(setImmediate);
      const next = this.#events.find(({ at }) => at <= end);
      if (!next) {
        this.now = end;
        return;
      }
      this.#events.splice(this.#events.indexOf(next), 1);
      this.now = next.at;
      next.run();
    }
  }

  isParted(a: string, b: string): boolean {
    return this.#parted.has(pair(a, b));
  }

  part(a: VirtualReplica, b: VirtualReplica): void {
    this.#parted.add(pair(a.id, b.id));
    this.#judge(a, b);
    this.#judge(b, a);
  }

  heal(): void {
    this.#parted.clear();
    for (const replica of this.replicas) {
      this.#others(replica).forEach((other) => this.#judge(replica, other));
    }
  }

  /** The process ends, and another one with another id takes its place. */
  restart(at: number): void {
    const old = this.replicas[at]!;
    old.kill();
    const replica = new VirtualReplica(this, `${old.id}'`);
    this.replicas[at] = replica;
    for (const other of this.#others(replica)) {
      this.at(DETECTION, () => other.lose(old.id));
      this.#judge(other, replica);
      this.#judge(replica, other);
    }
  }

  #others(replica: VirtualReplica): VirtualReplica[] {
    return this.replicas.filter((each) => each !== replica);
  }

  /** What a replica thinks of another one, after a while. */
  #judge(judge: VirtualReplica, other: VirtualReplica): void {
    this.at(1 + this.random(DETECTION), () => {
      const isThere = other.isAlive && !this.isParted(judge.id, other.id);
      if (isThere) {
        judge.see(other.id);
      } else {
        judge.lose(other.id);
      }
    });
  }
}

export class VirtualReplica {
  isAlive = true;
  /** Newest version of each key of whose drop this replica has heard. */
  readonly heard = new Map<string, Version>();
  /** What was dropped here, in the order of its numbers. */
  readonly announced: { key: string; version: Version }[] = [];
  readonly exchange: DropExchange;
  readonly #cloud: VirtualCaches;
  readonly #entries = new Map<string, { version: Version; until: number }>();
  readonly #store: GuardedStore;
  readonly #peers = new Set<string>();
  missed = 0;

  constructor(
    cloud: VirtualCaches,
    readonly id: string,
  ) {
    this.#cloud = cloud;
    const { memory = 1000 } = cloud.options;
    this.#store = new GuardedStore(
      {
        delete: (key) => this.#later(() => this.#entries.delete(key)),
        clear: () => this.#later(() => this.#entries.clear()),
      },
      memory,
    );
    this.exchange = new DropExchange(
      id,
      {
        send: (peer, message) => this.#send(peer, message),
        atEndOfTurn: (callback) => void cloud.at(0, callback),
        after: (ms, callback) => cloud.at(ms, callback),
      },
      {
        drop: (drop) => this.#store.drop(drop),
        missed: () => this.missed++,
      },
      memory,
    );
  }

  /** As `wrap()` does it: reads the entry, or the source, whose answer becomes an entry. */
  async read(key: string): Promise<Version> {
    const kept = await this.#store.read(key, () =>
      this.#later(() => {
        const entry = this.#entries.get(key);
        return entry && entry.until > this.#cloud.now
          ? entry.version
          : undefined;
      }),
    );
    return kept ?? this.#fill(key);
  }

  /** Writes to the source, and drops the key everywhere. */
  async change(key: string): Promise<void> {
    const version = (this.#cloud.source.get(key) ?? 0) + 1;
    this.#cloud.source.set(key, version);
    await this.#cloud.sleep(this.#cloud.random(20));
    if (this.isAlive) {
      this.hears(key, version);
      this.announced.push({ key, version });
      this.exchange.announce({ keys: [key] });
      await this.#store.drop({ keys: [key] });
    }
  }

  hears(key: string, version: Version): void {
    this.heard.set(key, Math.max(version, this.heard.get(key) ?? 0));
  }

  see(peer: string): void {
    if (this.isAlive && !this.#peers.has(peer)) {
      this.#peers.add(peer);
      this.exchange.peerJoined(peer);
    }
  }

  lose(peer: string): void {
    if (this.isAlive && this.#peers.delete(peer)) {
      this.exchange.peerLeft(peer, true);
    }
  }

  kill(): void {
    this.isAlive = false;
    this.exchange.end();
  }

  async #fill(key: string): Promise<Version> {
    const since = this.#store.now;
    await this.#cloud.sleep(this.#cloud.random(30));
    const version = this.#cloud.source.get(key) ?? 0;
    await this.#cloud.sleep(this.#cloud.random(30));
    const until = this.#cloud.now + this.#cloud.options.ttl;
    await this.#store.write(key, [], since, () =>
      this.#later(() => this.#entries.set(key, { version, until })),
    );
    return version;
  }

  async #later<T>(work: () => T): Promise<T> {
    await this.#cloud.sleep(this.#cloud.random(5));
    const result = work();
    await this.#cloud.sleep(this.#cloud.random(5));
    return result;
  }

  /** Each way takes its time; what is lost is known after a while, and may have come all the same. */
  async #send(to: string, message: DropMessage): Promise<Receipt> {
    const cloud = this.#cloud;
    const copy: unknown = JSON.parse(JSON.stringify(message));
    const receiver = (): VirtualReplica | undefined =>
      cloud.isParted(this.id, to)
        ? undefined
        : cloud.replicas.find(({ id, isAlive }) => id === to && isAlive);
    await cloud.sleep(cloud.random(20));
    const peer = receiver();
    // A peer answers to members only.
    if (peer && peer.#peers.has(this.id)) {
      for (const { key, version } of this.announced.slice(0, message.upTo)) {
        peer.hears(key, version);
      }
      await peer.exchange.receive(this.id, copy);
      await cloud.sleep(cloud.random(20));
      if (receiver()) {
        return 'taken';
      }
    }
    await cloud.sleep(1000);
    throw new Error('no answer');
  }
}

function pair(a: string, b: string): string {
  return [a, b].sort().join();
}
