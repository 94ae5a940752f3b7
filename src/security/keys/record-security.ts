import { type KeyObject, sign, verify } from 'node:crypto';
import { canonicalJson } from '../../wire/json.js';
import type { PeerInfo } from '../../wire/bodies.js';

/**
 * What a member says about itself and signs. Its ip is not part of it, because a member often learns
 * that from others: it is checked by calling it, and by the key that answers there.
 */
export type SignedRecord = Omit<PeerInfo, 'ip'>;

/** Signs the own record and judges the records of others, so that relayed news cannot be forged. */
export interface RecordSecurity {
  /** Signature of the own record: base64url, 86 characters. */
  sign(record: SignedRecord): string;
  /** True if the member itself signed exactly this, and may be a member. */
  verify(record: SignedRecord, signature: unknown): boolean;
}

const CONTEXT = 'nestjs-peercloud record\n';
const SIGNATURE = /^[\w-]{86}$/;

/** Records signed with the members' Ed25519 keys. */
export class Ed25519RecordSecurity implements RecordSecurity {
  readonly #privateKey: KeyObject;
  readonly #publicKeyOf: (peerId: string) => KeyObject | undefined;

  constructor(
    privateKey: KeyObject,
    publicKeyOf: (peerId: string) => KeyObject | undefined,
  ) {
    this.#privateKey = privateKey;
    this.#publicKeyOf = publicKeyOf;
  }

  sign(record: SignedRecord): string {
    return sign(null, signedText(record), this.#privateKey).toString(
      'base64url',
    );
  }

  verify(record: SignedRecord, signature: unknown): boolean {
    const key = this.#publicKeyOf(record.id);
    return (
      key !== undefined &&
      typeof signature === 'string' &&
      SIGNATURE.test(signature) &&
      verify(null, signedText(record), key, Buffer.from(signature, 'base64url'))
    );
  }
}

function signedText(record: SignedRecord): Buffer {
  const { id, port, scheme, data, features, incarnation, cloud } = record;
  return Buffer.from(
    CONTEXT +
      canonicalJson({
        id,
        port,
        scheme: scheme ?? null,
        data,
        features: [...(features ?? [])],
        incarnation: incarnation ?? null,
        cloud: cloud ?? null,
      }),
  );
}
