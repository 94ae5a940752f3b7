import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { keyThumbprint } from './key-input.js';
import type { Keyring, KeyRefusal } from './keyring.interface.js';

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
