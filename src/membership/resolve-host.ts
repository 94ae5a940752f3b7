import { lookup } from 'node:dns/promises';
import { normalizeIp } from '../wire/address.js';

/**
 * All IP literals behind a host name, as the system resolves it now (`/etc/hosts` included, so that
 * `localhost` works); an IP literal is itself.
 */
export async function resolveHost(host: string): Promise<string[]> {
  const literal = normalizeIp(host);
  if (literal !== undefined) {
    return [literal];
  }
  const found = await lookup(host, { all: true });
  const literals = found.map(({ address }) => normalizeIp(address));
  return [...new Set(literals.filter((ip) => ip !== undefined))];
}
