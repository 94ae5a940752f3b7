import { HttpService } from '@nestjs/axios';
import type { ResolvedTls, TlsMaterials } from '../tls.options.js';
import { createPeerAxios, type PeerAxiosConfig } from './peer-axios.js';
import { PeerPools } from './peer-pools.js';

/**
 * Ms until a connection must stand, where the deadline of the request is later. A packet that is lost while
 * it is opened is sent again after one second; what is not there after two is not there.
 */
const CONNECT_TIMEOUT = 2000;

export interface PeerHttpConfig extends PeerAxiosConfig {
  connectionsPerPeer: number;
  maxConnectedPeers: number;
  maxRequestsToPeer: number;
  maxHeaderBytes: number;
  tls?: Pick<ResolvedTls, 'materials' | 'servername'>;
}

/**
 * The HttpService that peers talk through: an axios instance of this package's own, so that nobody
 * else's defaults or interceptors reach it. Interceptors added to its `axiosRef` see every control
 * request and every message of the `/message` lane; signing happens below them.
 */
export class PeerHttpService extends HttpService {
  readonly #pools: PeerPools;

  readonly #config: PeerHttpConfig;

  constructor(config: PeerHttpConfig) {
    const pools = new PeerPools({ ...config, connectTimeout: CONNECT_TIMEOUT });
    super(createPeerAxios(pools, config));
    this.#config = config;
    this.#pools = pools;
  }

  /** Calls peers with other certificates from now on. */
  replaceTls(materials: TlsMaterials): void {
    const { tls } = this.#config;
    this.#pools.replaceTls({ materials, servername: tls?.servername });
  }

  /** Closes all connections once their requests have ended; new requests fail. */
  close(): Promise<void> {
    return this.#pools.close();
  }

  /** Breaks all connections at once. */
  destroy(): Promise<void> {
    return this.#pools.destroy();
  }
}

/** Creates the HttpService that peers talk through; `close()` it when the peer ends. */
export function createPeerHttpService(config: PeerHttpConfig): PeerHttpService {
  return new PeerHttpService(config);
}
