import { generateKeyPairSync } from 'node:crypto';
import type { SecurityOptions } from '../../../src/index.js';
import { Ed25519Keyring } from '../../../src/security/keys/ed25519-keyring.js';
import type { Keyring } from '../../../src/security/keys/keyring.interface.js';
import { SecretKeyring } from '../../../src/security/keys/secret-keyring.js';
import {
  resolveSecurityOptions,
  type ResolvedSecurity,
} from '../../../src/security/security.options.js';

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
  const { mode }: ResolvedSecurity = resolveSecurityOptions(options, '');
  switch (mode.kind) {
    case 'open':
      return undefined;
    case 'secret':
      return new SecretKeyring(mode.secrets);
    case 'keys':
      return new Ed25519Keyring(mode.privateKey, mode.trustedKeys);
  }
}
