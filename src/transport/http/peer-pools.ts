import { errors, Pool } from 'undici';
import { secureContextOptions, type TlsMaterials } from '../tls.options.js';
import { TransportError } from '../transport.error.js';

/** Idle connections are closed before a Node server of default settings (5 s) does it. */
const KEEP_ALIVE_MS = 4000;
/** Longest a server's own `keep-alive: timeout` is believed. */
const KEEP_ALIVE_MAX_MS = 60_000;

export interface PoolOptions {
  /** Connections kept to one peer. */
  connectionsPerPeer: number;
  /** Bytes of an answer's headers. */
  maxHeaderBytes: number;
  /** Ms until a connection must stand; the deadline of a request is often earlier. */
  connectTimeout: number;
  /** Certificates for https, and the name that the peers' certificates have. */
  tls?: { materials: TlsMaterials; servername?: string };
}

/** Keep-alive connections to one peer; none is opened before a request needs it. */
export function createPool(origin: string, options: PoolOptions): Pool {
  const { connectionsPerPeer, connectTimeout, maxHeaderBytes, tls } = options;
  return new Pool(origin, {
    connections: connectionsPerPeer,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MAX_MS,
    maxHeaderSize: maxHeaderBytes,
    // The deadline of the whole exchange is what counts.
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
    connect: {
      timeout: connectTimeout,
      ...(tls && secureContextOptions(tls.materials)),
      ...(tls?.servername && { servername: tls.servername }),
    },
  });
}

export interface PeerPoolsOptions extends PoolOptions {
  /** Peers that connections are kept to; those that are unused for longest are closed first. */
  maxConnectedPeers: number;
  /** Requests to one peer that are under way or wait. */
  maxRequestsToPeer: number;
}

/** Who wants a connection to a peer. */
export interface PoolUser {
  /** Messages wait for each other, and nothing else waits for them. */
  readonly isMessage: boolean;
  /** Gets connections of which one is free, once. */
  onPool(pool: Pool): void;
  /** Will never get them: this peer has closed. */
  onClosed(error: TransportError): void;
}

/** A request's share of the connections to one peer. */
export interface PoolLease {
  /** True while the last connection to the peer that was waited for could not be opened in its time. */
  readonly isDoubtful: boolean;
  /** Asks for a connection: it comes at once, or when others have no use for theirs. */
  start(user: PoolUser): void;
  /** Something was read on its connection. */
  read(): void;
  /** Has waited for an answer since then; where nothing was read from the peer either, the next request takes a new connection. */
  waited(since: number): void;
  /** To be called once, when the request has ended or does not want them any more. */
  release(): void;
}

/**
 * Generations of connections to one peer at the same time: one at work, others that have fallen silent and
 * finish what they have. It is the bound where handlers take their time, which looks the same.
 */
const MAX_GENERATIONS = 4;

/** Connections of one kind, and how they are used. */
class Connections {
  /** Requests that have one of them. */
  running = 0;
  /** When something was last read on one of them, on the clock of `performance.now()`. */
  readAt = 0;

  constructor(readonly pool: Pool) {}
}

/**
 * Connections to one peer that are as old as each other: when they fall silent, they do so together.
 * Whether a peer is there is asked on others than those on which messages wait for its handlers.
 */
class Generation {
  constructor(
    readonly messages: Connections,
    readonly control: Connections,
  ) {}

  get isUsed(): boolean {
    return this.messages.running + this.control.running > 0;
  }

  get pools(): Pool[] {
    return [this.messages.pool, this.control.pool];
  }

  /** Closes the connections once their requests have ended. */
  async close(): Promise<void> {
    await Promise.all(this.pools.map(closePool));
  }
}

/** One peer: its connections, where it has any, and the requests to it. */
class Entry {
  /** The connections that are used for what comes. */
  current: Generation | undefined;
  /** Those before them, until their last requests have ended. */
  readonly old = new Set<Generation>();
  /** Requests that are under way or wait. */
  open = 0;
  /** Those of them that have got the connections, or wait for one of them to be free. */
  granted = 0;
  readonly waiting = new Set<Waiting>();
  isDoubtful = false;

  constructor(readonly origin: string) {}
}

/** A request, from its `start()` until it gets a connection. */
interface Waiting {
  readonly entry: Entry;
  readonly user: PoolUser;
  got?: { generation: Generation; connections: Connections };
}

/**
 * Keep-alive connections to peers, by origin, bounded for each peer and in all. While all places are taken
 * by others that are used, requests wait for one in their order, those to connected peers too: otherwise
 * peers that are always used would never leave a place to the rest.
 *
 * Connections may die without a word, as when a firewall restarts. A request that waits while nothing is
 * read from its peer has all later ones take new connections.
 */
export class PeerPools {
  /** Every peer that has connections or requests. */
  readonly #entries = new Map<string, Entry>();
  /** Those with connections that no request uses; unused for longest first. */
  readonly #idle = new Set<Entry>();
  /** Those that wait for a place. */
  readonly #queue = new Set<Waiting>();
  /** Peers that have connections, and those whose connections are being closed. */
  #connected = 0;
  #closing = 0;
  #closed = false;
  /** Those that `close()` waits for, and `destroy()` may break meanwhile. */
  readonly #ending: Pool[] = [];

  #options: PeerPoolsOptions;

  constructor(options: PeerPoolsOptions) {
    this.#options = options;
  }

  /**
   * A share of the connections to an origin such as `http://10.0.0.7:9338`. Throws a TransportError when
   * too many requests wait for them, or after `close()`.
   */
  lease(origin: string): PoolLease {
    if (this.#closed) {
      throw hasClosed(origin);
    }
    const entry = this.#entryOf(origin);
    const { maxRequestsToPeer } = this.#options;
    if (entry.open >= maxRequestsToPeer) {
      throw new TransportError(
        'OVERLOADED',
        `${origin}: ${maxRequestsToPeer} requests wait for this peer already (option limits.maxRequestsToPeer)`,
      );
    }
    entry.open++;
    let waiting: Waiting | undefined;
    return {
      get isDoubtful() {
        return entry.isDoubtful;
      },
      start: (user) => {
        waiting = { entry, user };
        this.#queue.add(waiting);
        this.#serve();
      },
      read: () => {
        if (waiting?.got) {
          waiting.got.connections.readAt = performance.now();
        }
      },
      waited: (since) => {
        const got = waiting?.got;
        if (
          got?.generation === entry.current &&
          got!.connections.readAt < since
        ) {
          this.#renew(entry);
        }
      },
      release: () => {
        entry.open--;
        if (waiting && !this.#queue.delete(waiting)) {
          this.#giveBack(waiting);
        }
        this.#settle(entry);
        this.#serve();
      },
    };
  }

  /** Uses other certificates for connections from now on; those that are open finish their requests. */
  replaceTls(tls: PeerPoolsOptions['tls']): void {
    this.#options = { ...this.#options, tls };
    for (const entry of this.#entries.values()) {
      if (entry.current && entry.origin.startsWith('https:')) {
        this.#retire(entry);
      }
    }
  }

  /** Closes every connection once its requests have ended; those that wait for one fail. */
  async close(): Promise<void> {
    await this.#endAll((pool) => pool.close());
  }

  /** Breaks every connection; requests under way fail. */
  async destroy(): Promise<void> {
    await this.#endAll((pool) => pool.destroy());
  }

  async #endAll(end: (pool: Pool) => Promise<void>): Promise<void> {
    this.#closed = true;
    const all = [...this.#queue];
    for (const { current, old, waiting } of this.#entries.values()) {
      const generations = current ? [current, ...old] : old;
      for (const { pools } of generations) {
        this.#ending.push(...pools);
      }
      all.push(...waiting);
    }
    this.#entries.clear();
    for (const { entry, user } of all) {
      user.onClosed(hasClosed(entry.origin));
    }
    await Promise.all(this.#ending.map(end));
  }

  #entryOf(origin: string): Entry {
    let entry = this.#entries.get(origin);
    if (!entry) {
      entry = new Entry(origin);
      this.#entries.set(origin, entry);
    }
    return entry;
  }

  /** Gives the connections to those who wait, in their order, as far as there are places. */
  #serve(): void {
    for (const waiting of this.#queue) {
      const { entry } = waiting;
      if (this.#closed || !this.#connect(entry)) {
        break;
      }
      this.#queue.delete(waiting);
      this.#idle.delete(entry);
      entry.granted++;
      if (waiting.user.isMessage) {
        entry.waiting.add(waiting);
        this.#dispatch(entry);
      } else {
        this.#give(waiting);
      }
    }
  }

  /** Gives those of a peer's connections that are free to the messages that wait for one. */
  #dispatch(entry: Entry): void {
    for (const waiting of entry.waiting) {
      const { messages } = entry.current!;
      if (messages.running >= this.#options.connectionsPerPeer) {
        return;
      }
      entry.waiting.delete(waiting);
      this.#give(waiting);
    }
  }

  #give(waiting: Waiting): void {
    const { entry, user } = waiting;
    const generation = entry.current!;
    const connections = user.isMessage
      ? generation.messages
      : generation.control;
    connections.running++;
    waiting.got = { generation, connections };
    user.onPool(connections.pool);
  }

  #giveBack(waiting: Waiting): void {
    const { entry, got } = waiting;
    entry.granted--;
    if (!got) {
      entry.waiting.delete(waiting);
      return;
    }
    got.connections.running--;
    if (!got.generation.isUsed) {
      entry.old.delete(got.generation);
    }
    if (!this.#closed) {
      this.#dispatch(entry);
    }
  }

  /** Where the connections say nothing, whoever waits takes new ones. */
  #renew(entry: Entry): void {
    if (!this.#closed && entry.old.size < MAX_GENERATIONS - 1) {
      this.#retire(entry);
      this.#dispatch(entry);
    }
  }

  /** Other connections from now on; those that are open finish their requests. */
  #retire(entry: Entry): void {
    const generation = entry.current!;
    if (generation.isUsed) {
      entry.old.add(generation);
    }
    void generation.close();
    entry.current = this.#open(entry);
  }

  #open(entry: Entry): Generation {
    const connections = () => {
      const pool = createPool(entry.origin, this.#options);
      pool.on('connect', () => (entry.isDoubtful = false));
      pool.on('connectionError', (_origin, _targets, error) => {
        entry.isDoubtful = error instanceof errors.ConnectTimeoutError;
      });
      return new Connections(pool);
    };
    return new Generation(connections(), connections());
  }

  /** True if the peer has connections now. */
  #connect(entry: Entry): boolean {
    if (entry.current) {
      return true;
    }
    const { maxConnectedPeers } = this.#options;
    if (this.#connected + this.#closing >= maxConnectedPeers) {
      this.#makeRoom();
      return false;
    }
    this.#connected++;
    entry.current = this.#open(entry);
    return true;
  }

  /** Closes as many unused connections as there are peers that wait; they count until they are closed. */
  #makeRoom(): void {
    for (const entry of this.#idle) {
      const unconnected = this.#entries.size - this.#connected;
      if (this.#closing >= unconnected) {
        break;
      }
      this.#idle.delete(entry);
      this.#connected--;
      this.#closing++;
      void entry.current!.close().then(() => {
        this.#closing--;
        this.#serve();
      });
      entry.current = undefined;
      this.#settle(entry);
    }
  }

  /** Files a peer by what it has left. */
  #settle(entry: Entry): void {
    if (entry.current) {
      if (entry.granted === 0) {
        this.#idle.add(entry);
      }
    } else if (entry.open === 0) {
      this.#entries.delete(entry.origin);
    }
  }
}

async function closePool(pool: Pool): Promise<void> {
  await pool.close().catch(() => pool.destroy());
}

function hasClosed(origin: string): TransportError {
  return new TransportError('UNREACHABLE', `${origin}: this peer has closed`);
}
