import {
  createHash,
  createPrivateKey,
  createPublicKey,
  KeyObject,
  type JsonWebKey,
} from 'node:crypto';
import { OptionsError } from '../../options/option-checks.js';

/** An Ed25519 key as a JSON Web Key (RFC 8037). A type of our own: that of @types/node is not in all its versions. */
export interface Jwk {
  kty?: string | undefined;
  crv?: string | undefined;
  /** The public key, in base64url. */
  x?: string | undefined;
  /** The private key, in base64url. */
  d?: string | undefined;
  alg?: string | undefined;
  ext?: boolean | undefined;
  key_ops?: string[] | undefined;
  kid?: string | undefined;
  use?: string | undefined;
}

/** An Ed25519 key as users write it: PEM text, a JSON Web Key, or Node's KeyObject. */
export type KeyInput = string | Jwk | KeyObject;

/** Reads a private Ed25519 key; throws an OptionsError that does not show it. */
export function readPrivateKey(input: unknown, path: string): KeyObject {
  const key = read(path, () =>
    input instanceof KeyObject
      ? input
      : typeof input === 'string'
        ? createPrivateKey(input)
        : createPrivateKey({ key: input as JsonWebKey, format: 'jwk' }),
  );
  if (key.type !== 'private') {
    throw wrongKey(path, 'private');
  }
  return key;
}

/** Reads a public Ed25519 key; a private one is refused, since it is shown to nobody. */
export function readPublicKey(input: unknown, path: string): KeyObject {
  if (
    (input instanceof KeyObject && input.type === 'private') ||
    (typeof input === 'string' && input.includes('PRIVATE KEY')) ||
    (typeof input === 'object' && input !== null && 'd' in input)
  ) {
    throw wrongKey(path, 'public');
  }
  return read(path, () =>
    input instanceof KeyObject
      ? input
      : typeof input === 'string'
        ? createPublicKey(input)
        : createPublicKey({ key: input as JsonWebKey, format: 'jwk' }),
  );
}

/**
 * The id of the peer that has this key: its JWK thumbprint (RFC 7638 with RFC 8037), 43 characters
 * of base64url.
 */
export function keyThumbprint(key: KeyObject): string {
  const jwk = (key.type === 'private' ? createPublicKey(key) : key).export({
    format: 'jwk',
  });
  const canonical = JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x });
  return createHash('sha256').update(canonical).digest('base64url');
}

function read(path: string, load: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = load();
  } catch (cause) {
    throw new OptionsError(
      path,
      '(not shown)',
      'must be an Ed25519 key as PEM, JWK or KeyObject (openssl genpkey -algorithm ed25519)',
      { cause },
    );
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new OptionsError(
      path,
      key.asymmetricKeyType ?? key.type,
      'must be an Ed25519 key (openssl genpkey -algorithm ed25519)',
    );
  }
  return key;
}

function wrongKey(path: string, wanted: 'private' | 'public'): OptionsError {
  return new OptionsError(
    path,
    '(not shown)',
    `must be the ${wanted} half of the key`,
  );
}
