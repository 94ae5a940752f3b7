import { PeerCloudError } from '../errors/peer-cloud.error.js';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Subject, type Observable } from 'rxjs';
import {
  MembershipWaits,
  PeerDirectory,
  type Member,
  type MembershipCore,
  type Peer,
} from '../membership/index.js';
import { KEYS } from '../options/option-tables.js';
import type { ResolvedPeerCloudOptions } from '../options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
} from '../options/peer-cloud.tokens.js';
import { KeyRing, type KeyHolder } from './key-ring.js';
import type { ResolvedKeysOptions } from './keys.options.js';

/** Nobody owns keys: no peer of the cloud is eligible (option `keys.eligible`), this one included. */
export class NoOwnerError extends PeerCloudError {
  override readonly name = 'NoOwnerError';

  constructor(readonly key: string) {
    super(
      'NO_OWNER',
      `nobody owns the key ${JSON.stringify(key.slice(0, 80))}: let one peer at least have the option keys.eligible`,
    );
  }
}

/** Feature of a peer that owns keys, with its weight unless that is 1 (PROTOCOL.md, section 4, `keys`). */
const FEATURE = /^keys(?:=([\d.]{1,16}))?$/;

/** The ring of those who say that they own keys, by the newest list; and what this peer says. */
@Injectable()
export class KeyOwners implements OnModuleInit {
  readonly changes$: Observable<Peer[]>;

  readonly #core: MembershipCore;
  readonly #directory: PeerDirectory;
  readonly #waits: MembershipWaits;
  readonly #changes = new Subject<Peer[]>();
  #own: ResolvedKeysOptions;
  #isSettled = false;
  #isTelling = false;
  #holders: readonly KeyHolder<Peer>[] = [];
  /** The holders that changes$ has told of last. */
  #told = this.#holders;
  #ring = new KeyRing<Peer>([]);
  #members: readonly Member[] | undefined;
  #self: Member | undefined;

  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    directory: PeerDirectory,
    waits: MembershipWaits,
    @Inject(PEER_CLOUD_OPTIONS) { keys }: ResolvedPeerCloudOptions,
  ) {
    this.#core = core;
    this.#directory = directory;
    this.#waits = waits;
    this.#own = keys;
    this.changes$ = this.#changes.asObservable();
    core.onEvent(({ type }) => {
      if (
        type === 'peer.joined' ||
        type === 'peer.left' ||
        type === 'peer.features'
      ) {
        this.#changed();
      }
    });
  }

  /** A newcomer that does not know everybody yet would decide differently from others: it waits. */
  onModuleInit(): void {
    void this.#waits.whenSettled().then(() => {
      this.#isSettled = true;
      this.#advertise();
    });
  }

  /** Before anybody says that it owns keys, this peer is the owner for itself, if it is going to say so. */
  ownerOf(key: string): Peer | undefined {
    const owner = this.#current().owner(key);
    return owner ?? (this.#own.eligible ? this.#directory.self : undefined);
  }

  ownersOf(key: string, count: number): Peer[] {
    const ring = this.#current();
    if (ring.size > 0) {
      return ring.owners(key, count);
    }
    return this.#own.eligible ? [this.#directory.self].slice(0, count) : [];
  }

  update(own: ResolvedKeysOptions): void {
    this.#own = own;
    if (this.#isSettled) {
      this.#advertise();
    }
  }

  get own(): ResolvedKeysOptions {
    return this.#own;
  }

  #advertise(): void {
    const { weight, eligible } = this.#own;
    const feature = weight === 1 ? 'keys' : `keys=${weight}`;
    this.#core.advertise(eligible ? [feature] : []);
    this.#changed();
  }

  /** Tells of what is new once for all that happens in one go. */
  #changed(): void {
    if (this.#isTelling || !this.#changes.observed) {
      return;
    }
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      this.#current();
      if (this.#told !== this.#holders) {
        this.#told = this.#holders;
        this.#changes.next(this.#holders.map(({ value }) => value));
      }
    });
  }

  #current(): KeyRing<Peer> {
    const { self } = this.#core;
    const members = this.#core.members();
    if (members !== this.#members || self !== this.#self) {
      this.#members = members;
      this.#self = self;
      const holders = [self, ...members].flatMap((each) => this.#holder(each));
      if (!isSame(holders, this.#holders)) {
        this.#holders = holders;
        this.#ring = new KeyRing(holders);
      }
    }
    return this.#ring;
  }

  #holder(member: Member): KeyHolder<Peer>[] {
    const weight = weightOf(member);
    return weight === undefined
      ? []
      : [{ id: member.id, weight, value: this.#directory.of(member) }];
  }
}

/** What a member says of itself; undefined for one that owns nothing. */
function weightOf({ features }: Member): number | undefined {
  const feature = features.find((name) => name.startsWith('keys'));
  const match = feature === undefined ? null : FEATURE.exec(feature);
  if (!match) {
    return undefined;
  }
  const weight = Number(match[1] ?? 1);
  const { min, max } = KEYS.weight;
  return weight >= min && weight <= max ? weight : undefined;
}

function isSame(
  a: readonly KeyHolder<Peer>[],
  b: readonly KeyHolder<Peer>[],
): boolean {
  return (
    a.length === b.length &&
    a.every(
      (each, at) =>
        each.value === b[at]!.value && each.weight === b[at]!.weight,
    )
  );
}
