import { randomBytes } from 'node:crypto';
import type { ExchangeSecurity } from '../transport/peer-transport.interface.js';
import { OptionsError } from '../options/option-checks.js';
import type { AddressPolicy } from './addresses/address-policy.js';
import { Ed25519Keyring, type Keyring, SecretKeyring } from './keys/keyring.js';
import { LimitedLog } from '../util/limited-log.js';
import { MessageSigner } from './signature/message-signer.js';
import {
  OpenExchange,
  OpenRequestVerifier,
  PlainStreamSecurity,
} from './open-cloud.js';
import {
  Ed25519RecordSecurity,
  type RecordSecurity,
} from './keys/record-security.js';
import { RefusalLog } from './refusal-log.js';
import { ReplayGuard } from './signature/replay-guard.js';
import type { RequestVerifier, StreamSecurity } from './security.interface.js';
import {
  readSecrets,
  readTrustedKeys,
  type ResolvedSecurity,
  type SecurityOptions,
} from './security.options.js';
import { SignedRequestVerifier } from './signature/request-verifier.js';
import { SignedStreamSecurity } from './stream/stream-handshake.js';

/** Shorter secrets can be found by trying. */
const GOOD_SECRET_LENGTH = 32;
/** Senders whose replay windows are kept, for each member there may be. */
const SENDERS_PER_PEER = 4;
/** So that no two starts of a peer have the same name. */
const BOOT_BYTES = 12;

export interface PeerSecurityConfig {
  security: ResolvedSecurity;
  addresses: AddressPolicy;
  /** The own id. */
  selfId: () => string;
  /** Whether that id outlives a restart: set by option, or the thumbprint of a key. */
  fixedId: boolean;
  maxPeers: number;
  logger: { warn(message: string): void };
  /** Unix time in ms; default: the machine's. */
  now?: () => number;
}

/** Hears who may be a member from now on. */
export type TrustListener = (trusts: (peerId: string) => boolean) => void;

/** Everything that signs and judges in one peer, made of its `security` option. */
export class PeerSecurity {
  /**
   * Judges requests that come in.
   *
   * @internal
   */
  readonly verifier: RequestVerifier;
  /**
   * Opens streams.
   *
   * @internal
   */
  readonly streams: StreamSecurity;
  /**
   * Signs requests that go out and judges the answers.
   *
   * @internal
   */
  readonly exchange: ExchangeSecurity;
  /**
   * Signs and judges members' records; undefined unless each member has its own key.
   *
   * @internal
   */
  readonly records: RecordSecurity | undefined;
  readonly #keyring: Keyring | undefined;
  readonly #log: LimitedLog;
  readonly #refusals: RefusalLog;
  readonly #trustListeners: TrustListener[] = [];
  readonly #secretListeners: (() => void)[] = [];

  readonly #config: PeerSecurityConfig;

  /** @internal */
  constructor(config: PeerSecurityConfig) {
    this.#config = config;
    const { security, selfId, logger } = config;
    this.#log = new LimitedLog(logger, this.#now);
    this.#refusals = new RefusalLog(this.#log, selfId);
    this.#keyring = createKeyring(security);
    this.records = createRecords(security, this.#keyring);
    if (this.#keyring) {
      const signer = this.#createSigner(this.#keyring);
      this.exchange = signer;
      this.streams = new SignedStreamSecurity(signer, this.#keyring);
      this.verifier = this.#createVerifier(this.#keyring);
    } else {
      this.exchange = new OpenExchange(this.#log);
      this.streams = new PlainStreamSecurity(selfId);
      this.verifier = new OpenRequestVerifier(
        this.#refusals,
        this.#senderRefusal,
      );
    }
    this.#warnAboutWeakSecrets();
  }

  /** Whether this peer's cloud is signed. */
  get signed(): boolean {
    return this.#keyring !== undefined;
  }

  /**
   * The id that this peer must take: its key's thumbprint. Undefined: any.
   *
   * @internal
   */
  get peerId(): string | undefined {
    return this.#keyring?.peerId;
  }

  /** Requests refused since the start. */
  get refused(): number {
    return this.#refusals.count;
  }

  /**
   * The user's say about joins.
   *
   * @internal
   */
  get authorize(): SecurityOptions['authorize'] {
    return this.#config.security.authorize;
  }

  /**
   * The shared secrets, of which the first signs; undefined where the cloud has none.
   *
   * @internal
   */
  get secrets(): readonly string[] | undefined {
    return this.#keyring instanceof SecretKeyring
      ? this.#keyring.secrets
      : undefined;
  }

  /**
   * Uses other secrets from now on, without a restart: the first signs, all are accepted. To replace a
   * secret in a running cloud, give all peers `[old, new]`, then all `[new, old]`, then all `[new]`. Streams
   * to this peer are opened anew, and those that are not end after `messageTimeout`.
   * Throws an OptionsError where the cloud has no shared secret.
   */
  replaceSecrets(secret: string | readonly string[]): void {
    const secrets = readSecrets(secret, 'security.secret');
    if (!(this.#keyring instanceof SecretKeyring)) {
      throw new OptionsError(
        'security.secret',
        '(not shown)',
        'this peer was not started with a secret',
      );
    }
    this.#keyring.replace(secrets);
    for (const listener of this.#secretListeners) {
      listener();
    }
  }

  /**
   * Trusts these public keys from now on, without a restart. Members whose keys are not among them end
   * at once at this peer, with their streams, and are refused from then on. Throws an OptionsError where peers have no keys of their own.
   */
  replaceTrustedKeys(keys: SecurityOptions['trustedKeys']): void {
    const trusted = readTrustedKeys(keys, 'security.trustedKeys');
    const keyring = this.#keyring;
    if (!(keyring instanceof Ed25519Keyring)) {
      throw new OptionsError(
        'security.trustedKeys',
        '(not shown)',
        'this peer was not started with a privateKey',
      );
    }
    keyring.replaceTrusted(trusted);
    for (const listener of this.#trustListeners) {
      listener((peerId) => keyring.publicKey(peerId) !== undefined);
    }
  }

  /**
   * Tells this listener each time other keys are trusted.
   *
   * @internal
   */
  onTrustChange(listener: TrustListener): void {
    this.#trustListeners.push(listener);
  }

  /** Tells this listener each time other secrets are used. */
  onSecretsChange(listener: () => void): void {
    this.#secretListeners.push(listener);
  }

  readonly #now = (): number => this.#config.now?.() ?? Date.now();

  readonly #senderRefusal = (address: string): string | undefined =>
    this.#config.addresses.senderRefusal(address);

  #createSigner(keyring: Keyring): MessageSigner {
    const { selfId, maxPeers } = this.#config;
    const maxReceivers = maxPeers * SENDERS_PER_PEER;
    const now = this.#now;
    const log = this.#log;
    return new MessageSigner({ keyring, selfId, now, maxReceivers, log });
  }

  #createVerifier(keyring: Keyring): RequestVerifier {
    const { security, selfId, fixedId, maxPeers } = this.#config;
    return new SignedRequestVerifier({
      keyring,
      selfId,
      now: this.#now,
      clockSkew: security.clockSkew,
      replays: new ReplayGuard(maxPeers * SENDERS_PER_PEER),
      refusals: this.#refusals,
      boot: fixedId ? randomBytes(BOOT_BYTES).toString('base64url') : undefined,
      senderRefusal: this.#senderRefusal,
    });
  }

  #warnAboutWeakSecrets(): void {
    const { mode } = this.#config.security;
    if (
      mode.kind === 'secret' &&
      mode.secrets.some((secret) => secret.length < GOOD_SECRET_LENGTH)
    ) {
      this.#config.logger.warn(
        `security.secret is shorter than ${GOOD_SECRET_LENGTH} characters and may be found by trying: make one with 'openssl rand -base64 32'`,
      );
    }
  }
}

/** What signs and verifies with these options; undefined in an open cloud. */
export function createKeyring({ mode }: ResolvedSecurity): Keyring | undefined {
  switch (mode.kind) {
    case 'open':
      return undefined;
    case 'secret':
      return new SecretKeyring(mode.secrets);
    case 'keys':
      return new Ed25519Keyring(mode.privateKey, mode.trustedKeys);
  }
}

function createRecords(
  { mode }: ResolvedSecurity,
  keyring: Keyring | undefined,
): RecordSecurity | undefined {
  return mode.kind === 'keys' && keyring instanceof Ed25519Keyring
    ? new Ed25519RecordSecurity(mode.privateKey, (id) => keyring.publicKey(id))
    : undefined;
}
