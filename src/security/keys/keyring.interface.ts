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
