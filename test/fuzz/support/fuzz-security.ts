import { generateKeyPairSync } from 'node:crypto';
import type { SecurityOptions } from '../../../src/index.js';
import type { Keyring } from '../../../src/security/keys/keyring.js';
import { createKeyring } from '../../../src/security/peer-security.js';
import { resolveSecurityOptions } from '../../../src/security/security.options.js';

export const SECRET = 'a secret that all peers of this cloud share';

/** The kinds of clouds (docs/security.md). */
export type CloudKind = 'open' | 'secret' | 'keys';

export const KINDS: { cloud: string; kind: CloudKind }[] = [
  { cloud: 'an open cloud', kind: 'open' },
  { cloud: 'a signed cloud', kind: 'secret' },
  { cloud: 'a cloud with keys', kind: 'keys' },
];

/** The option `security` of so many peers of one cloud; undefined in an open one. */
export function makeSecurity(
  kind: CloudKind,
  peers: number,
): (SecurityOptions | undefined)[] {
  const places = Array.from({ length: peers });
  switch (kind) {
    case 'open':
      return places.map(() => undefined);
    case 'secret':
      return places.map(() => ({ secret: SECRET }));
    case 'keys': {
      const keys = places.map(() => generateKeyPairSync('ed25519'));
      const trustedKeys = keys.map(({ publicKey }) => publicKey);
      return keys.map(({ privateKey }) => ({ privateKey, trustedKeys }));
    }
  }
}

/** What signs in the name of a peer that has this option; undefined in an open cloud. */
export function keyringOf(
  options: SecurityOptions | undefined,
): Keyring | undefined {
  return createKeyring(resolveSecurityOptions(options, ''));
}
