import type { KeyObject } from 'node:crypto';
import { readObject, OptionsError } from '../options/option-checks.js';
import { readSection } from '../options/read-section.js';
import { SECURITY } from '../options/option-tables.js';
import type { PeerInfo } from '../wire/bodies.js';
import {
  readPrivateKey,
  readPublicKey,
  type KeyInput,
} from './keys/key-input.js';

/** Longest list of secrets or trusted keys. */
const MAX_KEYS = 10_000;

/** Characters of the shortest secret; what is said in docs/security.md is twice as many. */
const MIN_SECRET_LENGTH = 16;

/** Options of which each makes the cloud a signed one. */
const MODES = ['secret', 'privateKey', 'trustedKeys'] as const;

/** What a join that is to be authorised came as. */
export interface JoinAttempt {
  /** Where it came from: normalised IP literal. */
  remoteAddress: string;
  /** Whether its signature was verified: true in every signed cloud. */
  signed: boolean;
}

/**
 * Makes the cloud private. Give `secret`, or `privateKey` and `trustedKeys`: then every request and
 * every answer is signed, and whoever cannot sign is refused. All peers of a cloud need the same kind.
 */
export interface SecurityOptions {
  /**
   * What all peers of the cloud share, 32 random bytes or more (`openssl rand -base64 32`); fewer than 16
   * characters end the start. Of several,
   * the first signs and all are accepted, so that a secret is replaced without downtime. Whoever holds it
   * is trusted as any member.
   */
  secret?: string | readonly string[] | undefined;
  /**
   * This peer's Ed25519 key: PEM, JWK or KeyObject. The peer's id is the key's thumbprint, so no peer can
   * speak as another. Do not set `id` beside it.
   */
  privateKey?: KeyInput | undefined;
  /**
   * Public Ed25519 keys of the peers that may be members: PEM, JWK or KeyObject. One's own may be among
   * them.
   */
  trustedKeys?: readonly KeyInput[] | undefined;
  /**
   * Ms by which the clocks of two peers may differ. A signature is good for 30 s and this much longer, and
   * so long must what was seen be remembered.
   *
   * @defaultValue 10,000 ms
   */
  clockSkew?: number | undefined;
  /**
   * Decides whether a peer that wants in may come in, once its signature and its address are found good.
   * False, or an error, refuses it (`CHECK_FAILED`).
   *
   * @defaultValue everyone may
   */
  authorize?:
    | ((peer: PeerInfo, attempt: JoinAttempt) => boolean | Promise<boolean>)
    | undefined;
}

/** How a cloud's messages are authenticated. */
export type SecurityMode =
  | { readonly kind: 'open' }
  | { readonly kind: 'secret'; readonly secrets: readonly string[] }
  | {
      readonly kind: 'keys';
      readonly privateKey: KeyObject;
      readonly trustedKeys: readonly KeyObject[];
    };

/** SecurityOptions, complete. */
export interface ResolvedSecurity {
  readonly mode: SecurityMode;
  readonly clockSkew: number;
  readonly authorize: SecurityOptions['authorize'];
}

/**
 * Checks the section and fills in the defaults.
 *
 * @throws OptionsError that names the option, and never shows a secret
 */
export function resolveSecurityOptions(
  input: unknown,
  path: string,
): ResolvedSecurity {
  const { authorize, clockSkew } = readSection(input, path, SECURITY);
  if (authorize !== undefined && typeof authorize !== 'function') {
    throw new OptionsError(
      `${path}.authorize`,
      authorize,
      'must be a function that returns true or false',
    );
  }
  return {
    mode: readMode(readObject(input, path, Object.keys(SECURITY)), path),
    clockSkew,
    authorize: authorize as SecurityOptions['authorize'],
  };
}

function readMode(
  options: Record<string, unknown>,
  path: string,
): SecurityMode {
  const { secret, privateKey, trustedKeys } = options;
  const hasKeys = privateKey !== undefined || trustedKeys !== undefined;
  if (secret !== undefined) {
    if (hasKeys) {
      throw new OptionsError(
        path,
        Object.keys(options),
        'give either secret, or privateKey and trustedKeys',
      );
    }
    return { kind: 'secret', secrets: readSecrets(secret, `${path}.secret`) };
  }
  if (hasKeys) {
    return readKeys(privateKey, trustedKeys, path);
  }
  const unset = MODES.find((name) => name in options);
  if (unset !== undefined) {
    throw new OptionsError(
      `${path}.${unset}`,
      undefined,
      'must have a value (is its environment variable set?); for an open cloud, leave the option out',
    );
  }
  return { kind: 'open' };
}

/** Reads one secret or several; used at start-up and when a running peer gets new ones. */
export function readSecrets(value: unknown, path: string): string[] {
  const secrets: unknown[] = Array.isArray(value) ? value : [value];
  if (secrets.length === 0 || secrets.length > MAX_KEYS) {
    throw new OptionsError(
      path,
      '(not shown)',
      'must have one secret at least',
    );
  }
  if (secrets.some((secret) => typeof secret !== 'string' || secret === '')) {
    throw new OptionsError(
      path,
      '(not shown)',
      'must be a string that is not empty, or an array of them',
    );
  }
  if ((secrets as string[]).some(({ length }) => length < MIN_SECRET_LENGTH)) {
    throw new OptionsError(
      path,
      '(not shown)',
      `must have ${MIN_SECRET_LENGTH} characters at least, or it is found by trying: make one with 'openssl rand -base64 32'`,
    );
  }
  return secrets as string[];
}

/** Reads the public keys of a cloud; used at start-up and when a running peer gets new ones. */
export function readTrustedKeys(value: unknown, path: string): KeyObject[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_KEYS) {
    throw new OptionsError(
      path,
      Array.isArray(value) ? [] : typeof value,
      'must be an array with the public keys of the peers that may be members',
    );
  }
  return value.map((key, index) => readPublicKey(key, `${path}[${index}]`));
}

function readKeys(
  privateKey: unknown,
  trustedKeys: unknown,
  path: string,
): SecurityMode {
  if (privateKey === undefined) {
    throw new OptionsError(
      `${path}.privateKey`,
      privateKey,
      'must be given beside trustedKeys: the Ed25519 key of this peer',
    );
  }
  return {
    kind: 'keys',
    privateKey: readPrivateKey(privateKey, `${path}.privateKey`),
    trustedKeys: readTrustedKeys(trustedKeys, `${path}.trustedKeys`),
  };
}
