import { createHash } from 'node:crypto';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { messageOf } from '../errors/error-text.js';
import { MembershipService, type Peer } from '../membership/index.js';
import {
  MessageError,
  MessageRouter,
  MessagingService,
} from '../messaging/index.js';
import type { ResolvedPeerCloudOptions } from '../options/peer-cloud.options.js';
import { PEER_CLOUD_OPTIONS } from '../options/peer-cloud.tokens.js';
import {
  PeerSecurity,
  secretKeyId,
  SecretReceiver,
  type SealedSecret,
} from '../security/index.js';
import { isJsonObject, type JsonValue } from '../wire/json.js';
import { briefly } from './descriptions.js';
import { ObserveError } from './observe.error.js';

/** The channel on which a peer passes on what an observer wants of all (PROTOCOL.md, section 6). */
const CHANNEL = 'nestjs-peercloud/secrets';

/** Ms that a peer has for its answer. */
const PATIENCE = 5000;

/** Characters of a new secret: one of fewer may be found by trying. */
const MIN_LENGTH = 32;

/** Secrets that a peer has at the same time: the old one, the new one, and what an earlier try has left. */
const MAX_SECRETS = 8;

/** One step of a rotation as one peer does it; nothing: it only says how it stands. */
export type SecretChange =
  /** Accept the secret in the box, which was sealed with the one that has this `keyid`. */
  | { install: SealedSecret; present: string }
  /** Sign with the secret of this `keyid`. */
  | { use: string }
  /** Accept the secret of this `keyid` no more. */
  | { remove: string };

/** The same as an observer writes it, with a box for each peer by its id. */
type ChangeForAll =
  | Exclude<SecretChange, { install: SealedSecret }>
  | {
      install: Record<string, SealedSecret>;
      present: string;
    };

/** How a peer stands: never a secret. */
export interface SecretState {
  /** Whether it lets an observer change its secrets. */
  allowed: boolean;
  /** `keyid` of each secret that it accepts; it signs with the first. */
  keys: string[];
  /** What a new secret is sealed for. */
  receiver: string;
  /** A short name for the ids on its list: equal lists have equal ones. */
  list: string;
  /** Why it did not do what it was asked to. */
  refusal?: string;
}

/** What a member answered, or why it did not. */
export interface MemberSecrets {
  id: string;
  name?: string;
  state?: SecretState;
  silence?: string;
}

/** Changes the shared secret of a running cloud, step by step as an observer says, at all peers. */
@Injectable()
export class SecretRotation implements OnModuleInit {
  readonly #logger = new Logger('PeerCloud');
  #receiver: SecretReceiver | undefined;

  readonly #security: PeerSecurity;
  readonly #membership: MembershipService;
  readonly #messaging: MessagingService;
  readonly #router: MessageRouter;
  readonly #isAllowed: boolean;

  constructor(
    security: PeerSecurity,
    membership: MembershipService,
    messaging: MessagingService,
    router: MessageRouter,
    @Inject(PEER_CLOUD_OPTIONS) { observe }: ResolvedPeerCloudOptions,
  ) {
    this.#security = security;
    this.#membership = membership;
    this.#isAllowed = observe.rotate;
    this.#messaging = messaging;
    this.#router = router;
  }

  onModuleInit(): void {
    if (this.#security.secrets) {
      // Not by MessagingService: a test may have put another one there.
      this.#router.registerChannel(CHANNEL, (body) => {
        const change = (body as { change?: JsonValue }).change;
        return this.#apply(change === undefined ? undefined : readOne(change));
      });
    }
  }

  /**
   * Has all members take a step, this peer at last: it understands both their old and their new answers.
   *
   * @throws ObserveError where the cloud has no secret, and for a step that is none
   */
  async run(input: JsonValue | undefined): Promise<MemberSecrets[]> {
    if (!this.#security.secrets) {
      throw new ObserveError(
        409,
        'NO_SECRET',
        'the peers of this cloud share no secret: there is none to replace',
      );
    }
    const change = input === undefined ? undefined : readForAll(input);
    const { self } = this.#membership;
    const others = await Promise.all(
      this.#membership.peers().map((peer) => this.#ask(peer, change)),
    );
    const own = changeFor(self, change);
    return [
      { ...briefly(self), state: this.#apply(own) } as MemberSecrets,
    ].concat(others);
  }

  async #ask(
    peer: Peer,
    change: ChangeForAll | undefined,
  ): Promise<MemberSecrets> {
    const member = briefly(peer) as unknown as MemberSecrets;
    try {
      const own = changeFor(peer, change);
      const state = await this.#messaging
        .channel(CHANNEL)
        .send<JsonValue>(peer, own ? { change: own } : {}, {
          timeout: PATIENCE,
        });
      if (isState(state)) {
        member.state = state;
      } else {
        member.silence = 'it knows nothing of this: its version is older';
      }
    } catch (error) {
      const code = error instanceof MessageError ? `${error.code}: ` : '';
      member.silence = code + messageOf(error);
    }
    return member;
  }

  #apply(change: SecretChange | 'unreadable' | undefined): SecretState {
    const refusal = change && this.#change(change);
    return {
      allowed: this.#isAllowed,
      keys: this.#secrets.map(secretKeyId),
      receiver: this.#box.key,
      list: this.#list(),
      ...(refusal !== undefined && { refusal }),
    };
  }

  /** Why not; undefined if it is done. */
  #change(change: SecretChange | 'unreadable'): string | undefined {
    if (!this.#isAllowed) {
      return 'it does not allow this (option observe.rotate)';
    }
    if (change === 'unreadable') {
      return 'it does not understand this step';
    }
    const secrets = this.#secrets;
    const find = (id: string) =>
      secrets.find((each) => secretKeyId(each) === id);
    if ('install' in change) {
      const present = find(change.present);
      const secret = present && this.#box.open(change.install, present);
      if (secret === undefined || secret.length < MIN_LENGTH) {
        return 'it cannot open the new secret';
      }
      return secrets.includes(secret)
        ? undefined
        : this.#replace([...secrets, secret], 'accepts a new secret');
    }
    if ('use' in change) {
      const secret = find(change.use);
      const rest = secrets.filter((each) => each !== secret);
      return secret === undefined
        ? 'it does not have the new secret'
        : this.#replace([secret, ...rest], 'signs with the new secret');
    }
    const rest = secrets.filter((each) => secretKeyId(each) !== change.remove);
    return secretKeyId(secrets[0]!) === change.remove
      ? 'it still signs with the old secret'
      : this.#replace(rest, 'accepts the old secret no more');
  }

  #replace(secrets: string[], what: string): string | undefined {
    if (secrets.length > MAX_SECRETS) {
      return `it has ${MAX_SECRETS} secrets already`;
    }
    if (secrets.join('\n') !== this.#secrets.join('\n')) {
      this.#security.replaceSecrets(secrets);
      this.#logger.warn(`an observer changes the secret: this peer ${what}`);
    }
    return undefined;
  }

  get #secrets(): readonly string[] {
    return this.#security.secrets!;
  }

  get #box(): SecretReceiver {
    return (this.#receiver ??= new SecretReceiver());
  }

  #list(): string {
    const { self } = this.#membership;
    const ids = [self, ...this.#membership.peers()].map(({ id }) => id).sort();
    const hash = createHash('sha256').update(JSON.stringify(ids));
    return hash.digest('base64url').slice(0, 12);
  }
}

/** A peer for which there is no box just says how it stands. */
function changeFor(
  { id }: Peer,
  change: ChangeForAll | undefined,
): SecretChange | undefined {
  if (!change || !('install' in change)) {
    return change;
  }
  const box = Object.hasOwn(change.install, id)
    ? change.install[id]
    : undefined;
  return box && { install: box, present: change.present };
}

function readOne(change: JsonValue): SecretChange | 'unreadable' {
  const box = (value: JsonValue) => (isSealed(value) ? value : undefined);
  return readStep(change, box) ?? 'unreadable';
}

/** @throws ObserveError (400) */
function readForAll(change: JsonValue): ChangeForAll {
  const step = readStep(change, (boxes) =>
    isJsonObject(boxes) && Object.values(boxes).every(isSealed)
      ? (boxes as Record<string, SealedSecret>)
      : undefined,
  );
  if (!step) {
    throw new ObserveError(
      400,
      'INVALID_BODY',
      'change must be { install, present }, { use } or { remove }',
    );
  }
  return step;
}

/** Exactly one step, whatever else there is; undefined for none. */
function readStep<T>(
  change: JsonValue,
  readInstall: (value: JsonValue) => T | undefined,
):
  | { install: T; present: string }
  | { use: string }
  | { remove: string }
  | undefined {
  if (!isJsonObject(change)) {
    return undefined;
  }
  const { use, remove, present, install = null } = change;
  if (typeof use === 'string') {
    return { use };
  }
  if (typeof remove === 'string') {
    return { remove };
  }
  const boxes = readInstall(install);
  return typeof present === 'string' && boxes !== undefined
    ? { install: boxes, present }
    : undefined;
}

function isSealed(value: JsonValue): value is SealedSecret {
  return (
    isJsonObject(value) &&
    typeof value.from === 'string' &&
    typeof value.box === 'string'
  );
}

function isState(
  value: JsonValue | undefined,
): value is JsonValue & SecretState {
  return (
    isJsonObject(value) &&
    typeof value.allowed === 'boolean' &&
    Array.isArray(value.keys) &&
    typeof value.receiver === 'string' &&
    typeof value.list === 'string'
  );
}
