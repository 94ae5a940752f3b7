import { AddressError, parseAddress } from '../wire/address.js';
import type { PeerAddress } from '../wire/bodies.js';
import { OptionsError } from './option-checks.js';
import { type PeerSource, SRV_PREFIX, srvSource } from './peer-sources.js';

/** A seed in its one form, or where such seeds come from. */
export type PeerSeed = PeerAddress | PeerSource<PeerAddress>;

/**
 * Reads a list of seeds; throws an OptionsError that names the entry.
 * They are called by `scheme`, this peer's own: a cloud has TLS everywhere or nowhere.
 */
export function readPeers(
  value: unknown,
  path: string,
  scheme?: 'https',
): PeerAddress[] {
  return readList(value, path).map((entry, index) =>
    readPeer(entry, `${path}[${index}]`, scheme),
  );
}

/** Reads a list of seeds and of sources; what a source gives is read when it is asked. */
export function readSeeds(
  value: unknown,
  path: string,
  scheme?: 'https',
): PeerSeed[] {
  return readList(value, path).map((entry, index) => {
    const at = `${path}[${index}]`;
    const source = readSource(entry, at);
    if (!source) {
      return readPeer(entry, at, scheme);
    }
    return {
      name: source.name,
      seeds: async (signal) =>
        readPeers((await source.seeds(signal)) ?? null, 'seeds', scheme),
    };
  });
}

function readList(value: unknown, path: string): unknown[] {
  if (value === undefined) {
    return [];
  }
  if (!Array.isArray(value)) {
    throw new OptionsError(
      path,
      value,
      "must be an array, like ['10.0.0.7:9338', 'peers.internal']",
    );
  }
  return value;
}

/** Undefined for what is an address, or nothing that is known. */
function readSource(value: unknown, path: string): PeerSource | undefined {
  if (typeof value === 'string') {
    return value.startsWith(SRV_PREFIX) ? srvSource(value, path) : undefined;
  }
  const { name, seeds } = (value ?? {}) as Partial<PeerSource>;
  if (seeds === undefined) {
    return undefined;
  }
  if (typeof seeds !== 'function' || typeof name !== 'string' || name === '') {
    throw new OptionsError(
      path,
      value,
      "a source needs a name and a method: { name: 'my registry', seeds: async (signal) => ['10.0.0.7:9338'] }",
    );
  }
  return value as PeerSource;
}

function readPeer(
  value: unknown,
  path: string,
  scheme: 'https' | undefined,
): PeerAddress {
  try {
    return { ...parseAddress(value), ...(scheme && { scheme }) };
  } catch (error) {
    if (error instanceof AddressError) {
      throw new OptionsError(path, value, error.message, { cause: error });
    }
    throw error;
  }
}
