import {
  createCipheriv,
  createDecipheriv,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  type KeyObject,
  createPublicKey,
  diffieHellman,
} from 'node:crypto';

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

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CONTEXT = 'nestjs-peercloud secret';

/** Characters of the longest box that is opened: more than any secret needs. */
const MAX_BOX = 8192;

/** A new secret on its way to one peer. */
export type SealedSecret = {
  /** X25519 key of the sender, made for this box. */
  from: string;
  /** Nonce, ciphertext and tag in base64url. */
  box: string;
};

/**
 * The receiving half of one peer. Its key pair lives as long as the process and is written nowhere, so that
 * who has recorded a box and learns the secrets later cannot open it.
 */
export class SecretReceiver {
  readonly #privateKey: KeyObject;
  /** What others seal for: 43 characters of base64url. */
  readonly key: string;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('x25519');
    this.#privateKey = privateKey;
    this.key = encodeKey(publicKey);
  }

  /** The new secret; undefined for a box that is not for this peer, or was not made with the present secret. */
  open({ from, box }: SealedSecret, present: string): string | undefined {
    const shared = sharedSecret(this.#privateKey, from);
    const bytes = Buffer.from(box.slice(0, MAX_BOX), 'base64url');
    if (!shared || bytes.length < NONCE_BYTES + TAG_BYTES) {
      return undefined;
    }
    const key = deriveKey(shared, present, from, this.key);
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(CIPHER, key, nonce);
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([
        decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)),
        decipher.final(),
      ]).toString();
    } catch {
      return undefined;
    }
  }
}

/**
 * Seals a new secret for one peer, by AES-256-GCM. The key comes out of an exchange of X25519 keys and of the
 * secret that both have: neither of them alone opens the box. Undefined if the receiver's key is none.
 */
export function sealSecret(
  secret: string,
  present: string,
  receiverKey: string,
): SealedSecret | undefined {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const shared = sharedSecret(privateKey, receiverKey);
  if (!shared) {
    return undefined;
  }
  const from = encodeKey(publicKey);
  const key = deriveKey(shared, present, from, receiverKey);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  const text = Buffer.concat([cipher.update(secret), cipher.final()]);
  const box = Buffer.concat([nonce, text, cipher.getAuthTag()]);
  return { from, box: box.toString('base64url') };
}

function deriveKey(
  shared: Buffer,
  present: string,
  from: string,
  to: string,
): Buffer {
  const material = Buffer.concat([shared, Buffer.from(present)]);
  return Buffer.from(
    hkdfSync('sha256', material, `${from}.${to}`, CONTEXT, KEY_BYTES),
  );
}
