import { Pool } from 'undici';
import type { TlsMaterials } from './tls.options.js';
import { secureContextOptions } from './tls.options.js';
import { TransportError } from './transport.error.js';

/** Idle connections are closed before a Node server of default settings (5 s) does it. */
const KEEP_ALIVE_MS = 4000;
/** Longest a server's own `keep-alive: timeout` is believed. */
const KEEP_ALIVE_MAX_MS = 60_000;

export interface PeerPoolsOptions {
  /** Connections kept to one peer. */
  connectionsPerPeer: number;
  /** Peers that connections are kept to; the least recently used are closed first. */
  maxConnectedPeers: number;
  /** Requests to one peer that are under way or wait, those that nobody waits for any more included. */
  maxRequestsToPeer: number;
  /** Bytes of an answer's headers. */
  maxHeaderBytes: number;
  /** Ms until a connection must stand; the deadline of a request is often earlier. */
  connectTimeout: number;
  /** Certificates for https, and the name that the peers' certificates have. */
  tls?: { materials: TlsMaterials; servername?: string };
}

/** The connections to one peer, and how many requests are given to them. */
interface Entry {
  readonly pool: Pool;
  open: number;
}

/** A request's share of the connections to one peer; released once, when the request has ended. */
export interface PoolLease {
  readonly pool: Pool;
  release(): void;
}

/** Keep-alive connections to peers, by origin, bounded for each peer and in all. */
export class PeerPools {
  private readonly entries = new Map<string, Entry>();
  private closed = false;

  constructor(private options: PeerPoolsOptions) {}

  /** Peers that connections are kept to. */
  get size(): number {
    return this.entries.size;
  }

  /**
   * The connections to an origin such as `http://10.0.0.7:9338`. Throws a TransportError when too many
   * requests wait for them, or after `close()`.
   */
  lease(origin: string): PoolLease {
    const entry = this.entryOf(origin);
    const { maxRequestsToPeer } = this.options;
    if (entry.open >= maxRequestsToPeer) {
      throw new TransportError(
        'OVERLOADED',
        `${origin}: ${maxRequestsToPeer} requests wait for this peer already (option limits.maxRequestsToPeer)`,
      );
    }
    entry.open++;
    return { pool: entry.pool, release: () => void entry.open-- };
  }

  /** Uses other certificates for connections from now on; those that are open finish their requests. */
  replaceTls(tls: PeerPoolsOptions['tls']): void {
    this.options = { ...this.options, tls };
    for (const [origin, entry] of this.entries) {
      if (origin.startsWith('https:')) this.drop(origin, entry);
    }
  }

  /** Closes every connection once its requests have ended. */
  async close(): Promise<void> {
    this.closed = true;
    await this.endAll((pool) => pool.close());
  }

  /** Breaks every connection; requests under way fail. */
  async destroy(): Promise<void> {
    this.closed = true;
    await this.endAll((pool) => pool.destroy());
  }

  private async endAll(end: (pool: Pool) => Promise<void>): Promise<void> {
    const pools = [...this.entries.values()].map(({ pool }) => pool);
    this.entries.clear();
    await Promise.all(pools.map(end));
  }

  private entryOf(origin: string): Entry {
    if (this.closed) {
      throw new TransportError(
        'UNREACHABLE',
        `${origin}: this peer has closed`,
      );
    }
    const known = this.entries.get(origin);
    if (known) {
      this.entries.delete(origin);
      this.entries.set(origin, known);
      return known;
    }
    this.makeRoom();
    const entry = { pool: this.createPool(origin), open: 0 };
    this.entries.set(origin, entry);
    return entry;
  }

  private makeRoom(): void {
    if (this.entries.size < this.options.maxConnectedPeers) return;
    const [origin, entry] = this.leastUsed();
    this.drop(origin, entry);
  }

  /** The least recently used entry, an idle one if there is one among the oldest. */
  private leastUsed(): [string, Entry] {
    let tries = 16;
    for (const candidate of this.entries) {
      if (candidate[1].open === 0) return candidate;
      if (--tries === 0) break;
    }
    return this.entries.entries().next().value!;
  }

  private drop(origin: string, entry: Entry): void {
    this.entries.delete(origin);
    entry.pool.close().catch(() => entry.pool.destroy());
  }

  private createPool(origin: string): Pool {
    const { connectionsPerPeer, connectTimeout, maxHeaderBytes, tls } =
      this.options;
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
}
