import { randomUUID } from 'node:crypto';
import type { Departure, SeedAddress } from './commands.js';
import { Host, type HostKind } from './host.js';
import type { Network } from './network.js';
import { freePorts } from './free-ports.js';

/** One peer that the lab expects to be alive. */
export interface LabPeer {
  name: string;
  host: Host;
  port: number;
}

/** Which NATS server a host is at, by its number from 0. */
export type NatsOf = (host: number) => string;

const POLL_MS = 100;

/** Ms for which right lists have to stay right. */
const HOLD_MS = 1000;

/**
 * The hosts and peers of one cloud, and what every list should say.
 * Peers are told apart by a name in their data, which a restart gives anew.
 */
export class Lab {
  readonly hosts: Host[] = [];
  readonly peers: LabPeer[] = [];
  /** Names of the peers whose process was ended. */
  readonly ended = new Set<string>();
  #restarts = 0;

  /** Makes the cloud a signed one. */
  readonly #secret: string | undefined;
  readonly #natsOf: NatsOf | undefined;
  /** Of this lab alone. */
  readonly #cloud = randomUUID();

  constructor(
    readonly network: Network,
    secret?: string,
    natsOf?: NatsOf,
  ) {
    this.#secret = secret;
    this.#natsOf = natsOf;
  }

  addHost(kind: HostKind = 'nest'): Host {
    const { ip, prefix } = this.network.addHost();
    return this.#hostAt(ip, prefix, kind);
  }

  /** Ends a process as a deployment does; a fresh one, without peers yet, takes its place. */
  async replaceHost(old: Host): Promise<Host> {
    await this.#endHost(old, 'SIGTERM');
    return this.#hostAt(old.ip, old.prefix, old.kind);
  }

  /** Resolves when every process has loaded what it needs to start peers. */
  async whenLoaded(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.ask({ type: 'lists' })));
  }

  async startPeer(
    name: string,
    host: Host,
    seeds: SeedAddress[],
    port?: number,
  ): Promise<LabPeer> {
    const listenAt = port ?? (await freePorts(1))[0]!;
    await host.ask({
      type: 'start',
      name,
      port: listenAt,
      seeds,
      ...(this.#secret !== undefined && { secret: this.#secret }),
      ...(this.#natsOf && {
        nats: {
          servers: this.#natsOf(this.hosts.indexOf(host)),
          cloud: this.#cloud,
        },
      }),
    });
    const peer = { name, host, port: listenAt };
    this.peers.push(peer);
    return peer;
  }

  killHost(host: Host): Promise<void> {
    return this.#endHost(host, 'SIGKILL');
  }

  peersOf(host: Host): LabPeer[] {
    return this.peers.filter((peer) => peer.host === host);
  }

  /** A name that no peer had before: a restarted peer is another one. */
  freshName(name: string): string {
    return `${name.replace(/\+\d+$/, '')}+${++this.#restarts}`;
  }

  seedOf(peer: LabPeer): SeedAddress {
    return { ip: peer.host.ip, port: peer.port };
  }

  /**
   * Waits until the list of every peer in `groups` has exactly the other peers of its group, none twice.
   * Default: one group of all. They have to stay so for a while: a ghost would be back. Returns the ms it
   * took; fails with what is still wrong.
   */
  async converge(
    timeoutMs: number,
    groups: readonly (readonly LabPeer[])[] = [this.peers],
  ): Promise<number> {
    const start = performance.now();
    let rightSince: number | undefined;
    for (;;) {
      const wrong = await this.#differences(groups);
      const took = performance.now() - start;
      if (wrong.length > 0) {
        rightSince = undefined;
      } else {
        rightSince ??= took;
      }
      if (rightSince !== undefined && took - rightSince >= HOLD_MS) {
        return rightSince;
      }
      if (took > timeoutMs && rightSince === undefined) {
        const shown = wrong.slice(0, 5).join('; ');
        throw new Error(
          `lists still differ after ${Math.round(took)} ms: ${shown} (${wrong.length} in all)`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /**
   * Fails where a peer has, since the last call, seen one go that should have stayed, or for another reason
   * than it should. Returns how many it has seen go.
   */
  async expectDepartures(
    isDue: (departure: Departure) => boolean,
  ): Promise<number> {
    const lists = await Promise.all(
      this.hosts.map((host) => host.ask({ type: 'departures' })),
    );
    const departures = lists.flat();
    const wrong = departures.filter((departure) => !isDue(departure));
    if (wrong.length > 0) {
      throw new Error(`wrong departures: ${JSON.stringify(wrong)}`);
    }
    return departures.length;
  }

  /** Broadcasts from one peer; fails unless every other peer of the cloud replied. */
  async broadcastFrom(peer: LabPeer): Promise<number> {
    const { name, host } = peer;
    const { replies, failures } = await host.ask({ type: 'broadcast', name });
    if (replies !== this.peers.length - 1 || failures.length > 0) {
      throw new Error(
        `a broadcast from ${name} had ${replies} replies of ${this.peers.length - 1}; ${failures[0] ?? ''}`,
      );
    }
    return replies;
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.hosts].map((host) => {
        host.signal('SIGCONT');
        return this.killHost(host);
      }),
    );
  }

  async #endHost(host: Host, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    await host.end(signal);
    remove(this.hosts, host);
    for (const peer of this.peersOf(host)) {
      remove(this.peers, peer);
      this.ended.add(peer.name);
    }
  }

  #hostAt(ip: string, prefix: readonly string[], kind: HostKind): Host {
    const host = new Host(ip, kind, prefix);
    this.hosts.push(host);
    return host;
  }

  async #differences(
    groups: readonly (readonly LabPeer[])[],
  ): Promise<string[]> {
    const answers = await Promise.all(
      this.hosts.map((host) => host.ask({ type: 'lists' })),
    );
    const lists = Object.assign({}, ...answers) as Record<string, string[]>;
    return groups.flatMap((group) =>
      group.flatMap(({ name }) => {
        const expected = group.filter((peer) => peer.name !== name);
        return difference(name, lists[name] ?? [], expected);
      }),
    );
  }
}

function remove<T>(from: T[], what: T): void {
  const index = from.indexOf(what);
  if (index >= 0) {
    from.splice(index, 1);
  }
}

function difference(
  name: string,
  list: readonly string[],
  expected: readonly LabPeer[],
): string[] {
  const seen = new Set(list);
  const wanted = new Set(expected.map((peer) => peer.name));
  const missing = [...wanted].filter((other) => !seen.has(other));
  const ghosts = [...seen].filter((other) => !wanted.has(other));
  const twice = list.length - seen.size;
  if (missing.length + ghosts.length + twice === 0) {
    return [];
  }
  return [
    `${name}: missing [${missing.join(' ')}], ghosts [${ghosts.join(' ')}], ${twice} twice`,
  ];
}
