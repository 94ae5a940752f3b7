import { AddressError, parseAddress } from '../wire/address.js';
import type { PeerAddress } from '../wire/bodies.js';
import { OptionsError } from './option-checks.js';

/**
 * A seed: `'host:port'`, `'host'`, `'[::1]:9338'` or an object. The port may be a string of
 * digits; without one, or with 0, it is 9338.
 */
export type PeerAddressInput =
  string | { ip: string; port?: number | string | undefined };

/**
 * Reads a list of seeds; throws an OptionsError that names the entry.
 * They are called by `scheme`, this peer's own: a cloud has TLS everywhere or nowhere.
 */
export function readPeers(
  value: unknown,
  path: string,
  scheme?: 'https',
): PeerAddress[] {
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
  return value.map((entry, index) => ({
    ...readPeer(entry, `${path}[${index}]`),
    ...(scheme && { scheme }),
  }));
}

function readPeer(value: unknown, path: string): PeerAddress {
  try {
    return parseAddress(value);
  } catch (error) {
    if (error instanceof AddressError) {
      throw new OptionsError(path, value, error.message, { cause: error });
    }
    throw error;
  }
}
