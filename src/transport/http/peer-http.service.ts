import axios, { type AxiosInstance } from 'axios';
import { HttpService } from '@nestjs/axios';
import type { ResolvedTls, TlsMaterials } from '../tls.options.js';
import { PeerPools } from './peer-pools.js';
import { jsonOf, type JsonValue } from '../../wire/json.js';
import type { ExchangeSecurity } from '../peer-transport.interface.js';
import { createUndiciAdapter } from './undici.adapter.js';

/** What all requests of one axios instance have in common. */
interface PeerAxiosConfig {
  /** Ms for a whole exchange that names no timeout of its own. */
  timeout: number;
  maxAnswerBytes: number;
  /** Signs every request and judges every answer; absent in an open cloud. */
  security?: ExchangeSecurity;
}

/**
 * An instance begins with a copy of `axios.defaults`, and the app may have set there what it needs for its
 * own requests: a base URL, a signal, an agent. None of it stays.
 */
export function createPeerAxios(
  pools: PeerPools,
  config: PeerAxiosConfig,
): AxiosInstance {
  const instance = axios.create();
  const defaults = instance.defaults as Record<string, unknown>;
  for (const name of Object.keys(defaults)) {
    delete defaults[name];
  }
  Object.assign(defaults, {
    adapter: createUndiciAdapter(pools, config, config.security),
    headers: {
      common: { accept: 'application/json' },
      post: { 'content-type': 'application/json' },
    },
    timeout: config.timeout,
    maxContentLength: config.maxAnswerBytes,
    validateStatus: null,
    transformRequest: [serialize],
    transformResponse: [parse],
  });
  return instance;
}

/** Buffers are JSON text already. */
function serialize(data: unknown): unknown {
  return data === undefined || Buffer.isBuffer(data)
    ? data
    : JSON.stringify(data);
}

/** The parsed body; undefined where it is no JSON. */
function parse(data: unknown): JsonValue | undefined {
  return Buffer.isBuffer(data) ? jsonOf(data) : undefined;
}

/**
 * Ms until a connection must stand, where the deadline of the request is later. A packet that is lost while
 * it is opened is sent again after one second; what is not there after two is not there.
 */
const CONNECT_TIMEOUT = 2000;

interface PeerHttpConfig extends PeerAxiosConfig {
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
