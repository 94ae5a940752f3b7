import axios, { type AxiosInstance } from 'axios';
import { jsonOf, type JsonValue } from '../../wire/json.js';
import type { ExchangeSecurity } from '../peer-transport.interface.js';
import type { PeerPools } from './peer-pools.js';
import { createUndiciAdapter } from './undici.adapter.js';

/** What all requests of one axios instance have in common. */
export interface PeerAxiosConfig {
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
