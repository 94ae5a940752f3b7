import { Inject, Injectable } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { readData } from '../options/peer-data.js';
import { readSeeds } from '../options/peer-list.js';
import type { PeerAddressInput, PeerSource } from '../options/peer-sources.js';
import type { ResolvedPeerCloudOptions } from '../options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
} from '../options/peer-cloud.tokens.js';
import type { JsonObject } from '../wire/json.js';
import type { MembershipCore } from './core/index.js';
import { MembershipEvents } from './membership-events.js';
import { MembershipWaits, type WaitOptions } from './membership-waits.js';
import type { PeerCloudEvent } from './peer-cloud.events.js';
import { PeerDirectory } from './peer-directory.js';
import type { Peer } from './peer.js';

/** Who is in the cloud, and this peer's own place in it. */
@Injectable()
export class MembershipService {
  /** Everything that happens to the cloud, each exactly once and in order; completes at shutdown. */
  readonly events$: Observable<PeerCloudEvent>;

  readonly #core: MembershipCore;
  readonly #directory: PeerDirectory;
  readonly #waits: MembershipWaits;
  readonly #options: ResolvedPeerCloudOptions;

  /** @internal */
  constructor(
    @Inject(MEMBERSHIP_CORE) core: MembershipCore,
    directory: PeerDirectory,
    { events$ }: MembershipEvents,
    waits: MembershipWaits,
    @Inject(PEER_CLOUD_OPTIONS)
    options: ResolvedPeerCloudOptions,
  ) {
    this.#core = core;
    this.#directory = directory;
    this.events$ = events$;
    this.#waits = waits;
    this.#options = options;
  }

  /** Oneself. Sending to it works without the network. */
  get self(): Peer {
    return this.#directory.self;
  }

  /** True as a member of a cloud with others. */
  get isJoined(): boolean {
    return this.#core.isJoined;
  }

  /** All other members, at once and without the network; suspected ones included. */
  peers(): Peer[] {
    return this.#directory.list();
  }

  /** The member of an id, or oneself; undefined if there is none. */
  get(id: string): Peer | undefined {
    return this.#directory.get(id);
  }

  /**
   * Joins a cloud by hand, through the seeds of the option `peers` or through others. It happens by itself
   * when the app listens, so this is for seeds that are learned of later.
   *
   * @returns true if one of them let this peer in
   * @throws OptionsError if an address is wrong
   */
  async join(
    peers?: readonly (PeerAddressInput | PeerSource)[],
  ): Promise<boolean> {
    const { scheme } = this.#core.self;
    const seeds = peers && readSeeds(peers, 'peers', scheme);
    return this.#options.enabled && this.#core.join(seeds);
  }

  /**
   * Resolves when the seeds have been tried once: this peer is a member of their cloud, or the
   * first of a new one. It never rejects; before the app listens, it waits for that. Where the option
   * `enabled` is false it resolves at once.
   */
  whenJoined(): Promise<void> {
    return this.#options.enabled ? this.#core.whenJoined() : Promise.resolve();
  }

  /**
   * Resolves as soon as the cloud has so many members, oneself included.
   *
   * @param options `timeout` in ms; default: none
   * @throws TooFewMembersError (`TOO_FEW_MEMBERS`) after the timeout
   */
  whenMembers(
    count: number,
    options?: WaitOptions & { timeout?: number | undefined },
  ): Promise<void> {
    return this.#waits.whenMembers(count, options);
  }

  /**
   * Resolves when this peer has joined, or knows that it is alone, and nobody has come or gone for a
   * moment: six `membership.joinRetryMin`, which is 3 s by default. From then on it knows whom the others
   * know, as far as nobody comes or goes. A cloud that never rests counts as settled after ten such
   * moments. Before the app listens, it waits for that.
   */
  whenSettled(options?: WaitOptions): Promise<void> {
    return this.#waits.whenSettled(options);
  }

  /** Leaves the cloud: all other peers are notified. It happens by itself when the app shuts down. */
  leave(): Promise<void> {
    return this.#core.leave();
  }

  /**
   * Replaces this peer's `data` here and at all others.
   *
   * @throws OptionsError if it is no JSON object, or larger than `limits.maxDataBytes`
   */
  async update(data: JsonObject): Promise<void> {
    const { maxDataBytes } = this.#options.limits;
    await this.#core.update(readData(data, 'data', maxDataBytes));
  }
}
