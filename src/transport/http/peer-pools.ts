import { Pool } from 'undici';
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
  /** Requests to one peer that are under way or wait, those that nobody waits for any more included. */
  maxRequestsToPeer: number;
}

/** Who wants the connections to a peer. */
export interface PoolUser {
  /** Gets them, once. */
  onPool(pool: Pool): void;
  /** Will never get them: this peer has closed. */
  onClosed(error: TransportError): void;
}

/** A request's share of the connections to one peer. */
export interface PoolLease {
  /** Asks for the connections: they come at once, or when those to another peer are unused. */
  start(user: PoolUser): void;
  /** To be called once, when the request has ended or does not want them any more. */
  release(): void;
}

/** One peer: its connections, where it has any, and the requests to it. */
interface Entry {
  readonly origin: string;
  pool: Pool | undefined;
  /** Requests that are under way or wait. */
  open: number;
  /** Those of them that have got the connections. */
  running: number;
}

/** A request, from its `start()` until it gets the connections. */
interface Waiting {
  readonly entry: Entry;
  readonly user: PoolUser;
}

/**
 * Keep-alive connections to peers, by origin, bounded for each peer and in all. While all places are taken
 * by others that are used, requests wait for one in their order, those to connected peers too: otherwise
 * peers that are always used would never leave a place to the rest.
 */
export class PeerPools {
  /** Every peer that has connections or requests. */
  readonly #entries = new Map<string, Entry>();
  /** Those with connections that no request uses; unused for longest first. */
  readonly #idle = new Set<Entry>();
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
      start: (user) => {
        waiting = { entry, user };
        this.#queue.add(waiting);
        this.#serve();
      },
      release: () => {
        entry.open--;
        const ran = waiting !== undefined && !this.#queue.delete(waiting);
        if (ran) {
          entry.running--;
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
      if (entry.pool && entry.origin.startsWith('https:')) {
        void closePool(entry.pool);
        entry.pool = createPool(entry.origin, this.#options);
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
    for (const { pool } of this.#entries.values()) {
      if (pool) {
        this.#ending.push(pool);
      }
    }
    this.#entries.clear();
    for (const { entry, user } of this.#queue) {
      user.onClosed(hasClosed(entry.origin));
    }
    await Promise.all(this.#ending.map(end));
  }

  #entryOf(origin: string): Entry {
    let entry = this.#entries.get(origin);
    if (!entry) {
      entry = { origin, pool: undefined, open: 0, running: 0 };
      this.#entries.set(origin, entry);
    }
    return entry;
  }

  /** Gives the connections to those who wait, in their order, as far as there are places. */
  #serve(): void {
    for (const waiting of this.#queue) {
      const { entry, user } = waiting;
      if (this.#closed || !this.#connect(entry)) {
        break;
      }
      this.#queue.delete(waiting);
      this.#idle.delete(entry);
      entry.running++;
      user.onPool(entry.pool!);
    }
  }

  /** True if the peer has connections now. */
  #connect(entry: Entry): boolean {
    if (entry.pool) {
      return true;
    }
    const { maxConnectedPeers } = this.#options;
    if (this.#connected + this.#closing >= maxConnectedPeers) {
      this.#makeRoom();
      return false;
    }
    this.#connected++;
    entry.pool = createPool(entry.origin, this.#options);
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
      void closePool(entry.pool!).then(() => {
        this.#closing--;
        this.#serve();
      });
      entry.pool = undefined;
      this.#settle(entry);
    }
  }

  /** Files a peer by what it has left. */
  #settle(entry: Entry): void {
    if (entry.pool) {
      if (entry.running === 0) {
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
