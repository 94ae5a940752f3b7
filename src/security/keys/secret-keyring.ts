import {
  createHmac,
  createSecretKey,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto';
import type { Keyring, KeyRefusal } from './keyring.interface.js';

const KEY_ID_CONTEXT = 'nestjs-peercloud keyid';
const KEY_ID_LENGTH = 16;

/**
 * Secrets that all peers of a cloud share, used as they are for HMAC-SHA256 (RFC 9421, section 3.3.3).
 * The first signs, all are accepted. A `keyid` tells them apart and gives nothing of them away.
 */
export class SecretKeyring implements Keyring {
  readonly peerId = undefined;
  #keys!: ReadonlyMap<string, KeyObject>;
  #signing!: KeyObject;
  #signingId!: string;

  constructor(secrets: readonly string[]) {
    this.replace(secrets);
  }

  get keyId(): string {
    return this.#signingId;
  }

  /** Uses these secrets from now on. */
  replace(secrets: readonly string[]): void {
    const keys = secrets.map((secret): [string, KeyObject] => [
      secretKeyId(secret),
      createSecretKey(secret, 'utf8'),
    ]);
    this.#keys = new Map(keys);
    [this.#signingId, this.#signing] = keys[0]!;
  }

  sign(base: string): Buffer {
    return hmac(this.#signing, base);
  }

  refusal(
    keyId: string,
    _peerId: string,
    base: string,
    signature: Buffer,
  ): KeyRefusal | undefined {
    const key = this.#keys.get(keyId);
    if (!key) {
      return 'unknown key';
    }
    const expected = hmac(key, base);
    return expected.length === signature.length &&
      timingSafeEqual(expected, signature)
      ? undefined
      : 'bad signature';
  }
}

/** The `keyid` of a secret. */
export function secretKeyId(secret: string): string {
  return createHmac('sha256', secret)
    .update(KEY_ID_CONTEXT)
    .digest('base64url')
    .slice(0, KEY_ID_LENGTH);
}

function hmac(key: KeyObject, base: string): Buffer {
  return createHmac('sha256', key).update(base).digest();
}
