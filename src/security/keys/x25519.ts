import { createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';

/** A public X25519 key as it travels: 43 characters of base64url. */
export function encodeKey(key: KeyObject): string {
  return key.export({ format: 'jwk' }).x!;
}

/** Undefined if the other key is no point, or one that gives the same secret with every key. */
export function sharedSecret(
  privateKey: KeyObject,
  otherKey: string,
): Buffer | undefined {
  try {
    const publicKey = createPublicKey({
      key: { kty: 'OKP', crv: 'X25519', x: otherKey },
      format: 'jwk',
    });
    return diffieHellman({ privateKey, publicKey });
  } catch {
    return undefined;
  }
}
