import {
  createHmac,
  createPublicKey,
  createSecretKey,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { keyThumbprint } from './key-input.js';

/** Why a signature does not hold; undefined if it does. */
export type KeyRefusal =
  'unknown key' | 'key of another peer' | 'bad signature';

/** The keys of a signed cloud as one peer has them. */
export interface Keyring {
  /** The `keyid` of what this peer signs. */
  readonly keyId: string;
  /** The id that this peer must have with these keys; undefined: any. */
  readonly peerId: string | undefined;
  sign(base: string): Buffer;
  /** Judges a signature that claims to be made with the key `keyId` by the peer `peerId`. */
  refusal(
    keyId: string,
    peerId: string,
    base: string,
    signature: Buffer,
  ): KeyRefusal | undefined;
}

const KEY_ID_CONTEXT = 'nestjs-peercloud keyid';
const KEY_ID_LENGTH = 16;

/**
 * Secrets that all peers of a cloud share, used as they are for HMAC-SHA256 (RFC 9421, section 3.3.3).
 * The first signs, all are accepted. A `keyid` tells them apart and gives nothing of them away.
 */
export class SecretKeyring implements Keyring {
  readonly peerId = undefined;
  #secrets!: readonly string[];
  #keys!: ReadonlyMap<string, KeyObject>;
  #signing!: KeyObject;
  #signingId!: string;

  constructor(secrets: readonly string[]) {
    this.replace(secrets);
  }

  get keyId(): string {
    return this.#signingId;
  }

  /** The first signs. */
  get secrets(): readonly string[] {
    return this.#secrets;
  }

  /** Uses these secrets from now on. */
  replace(secrets: readonly string[]): void {
    this.#secrets = secrets;
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

/**
 * A key for each peer (Ed25519; RFC 9421, section 3.3.6). The `keyid` is the key's thumbprint and is
 * the peer's id as well, so that nobody can speak as another.
 */
export class Ed25519Keyring implements Keyring {
  readonly keyId: string;
  readonly peerId: string;
  #trusted!: ReadonlyMap<string, KeyObject>;

  readonly #privateKey: KeyObject;

  constructor(privateKey: KeyObject, trustedKeys: readonly KeyObject[]) {
    this.#privateKey = privateKey;
    this.keyId = keyThumbprint(privateKey);
    this.peerId = this.keyId;
    this.replaceTrusted(trustedKeys);
  }

  /** Trusts these peers and itself from now on, and nobody else. */
  replaceTrusted(keys: readonly KeyObject[]): void {
    const own = createPublicKey(this.#privateKey);
    this.#trusted = new Map(
      [own, ...keys].map((key) => [keyThumbprint(key), key]),
    );
  }

  /** The key of that peer; undefined if it may not be a member. */
  publicKey(peerId: string): KeyObject | undefined {
    return this.#trusted.get(peerId);
  }

  sign(base: string): Buffer {
    return sign(null, Buffer.from(base), this.#privateKey);
  }

  refusal(
    keyId: string,
    peerId: string,
    base: string,
    signature: Buffer,
  ): KeyRefusal | undefined {
    const key = this.#trusted.get(keyId);
    if (!key) {
      return 'unknown key';
    }
    if (keyId !== peerId) {
      return 'key of another peer';
    }
    return verify(null, Buffer.from(base), key, signature)
      ? undefined
      : 'bad signature';
  }
}
