import type { JsonObject } from '../../../wire/json.js';
import type { PeerInfo } from '../../../wire/peer-info.js';
import type { CoreContext } from '../core-context.js';
import { recordBody } from './gossip-body.js';
import { Semaphore } from '../../../util/semaphore.js';
import {
  isLegacy,
  toLegacyInfo,
  type MemberRecord,
} from '../member-list/member-record.js';
import { MAX_CONCURRENT_TELLINGS } from '../options/membership.limits.js';
import { successOf, type CallResult } from '../peer-calls.js';

/** Tells members directly, by the protocol's own requests. */
export class Teller {
  /** Called when a legacy member answers as it does to strangers. */
  onUnlisted: (member: MemberRecord) => void = () => {};
  /** Called when a legacy member may not know of the join or the end that it was told of. */
  onUntold: (member: MemberRecord, about: string) => void = () => {};
  readonly #limiter: Semaphore;

  readonly #ctx: CoreContext;

  /** As many may wait as there are members: at its own goodbye, a peer tells all of them. */
  constructor(ctx: CoreContext) {
    this.#ctx = ctx;
    this.#limiter = new Semaphore(
      MAX_CONCURRENT_TELLINGS,
      ctx.options.maxPeers,
    );
  }

  /** True while clouds are small enough to tell everybody at once. */
  get isDirect(): boolean {
    return this.#ctx.list.size + 1 <= this.#ctx.options.directThreshold;
  }

  /** Whom this peer tells of a join or an end: legacy members always, the others in small clouds. */
  audience(except?: string): MemberRecord[] {
    const everyone = this.isDirect;
    if (!everyone && this.#ctx.list.legacyCount === 0) {
      return [];
    }
    const audience: MemberRecord[] = [];
    for (const member of this.#ctx.list.records()) {
      if (member.id !== except && (everyone || isLegacy(member))) {
        audience.push(member);
      }
    }
    return audience;
  }

  /** @returns true if the member took note */
  async joined(member: MemberRecord, peer: PeerInfo): Promise<boolean> {
    const body = isLegacy(member)
      ? (toLegacyInfo(peer) as unknown as JsonObject)
      : recordBody(peer);
    return this.#tellOf(peer.id, member, 'joined', body);
  }

  /** @returns true if the member took note */
  async left(member: MemberRecord, id: string): Promise<boolean> {
    return this.#tellOf(id, member, 'left', { id });
  }

  /** @returns true if the member took note; the original does not know this request at all */
  async updated(member: MemberRecord, body: JsonObject): Promise<boolean> {
    return successOf(await this.#call(member, 'update', body)) !== undefined;
  }

  /** Asks a legacy member, without harm, whether it lists this peer: undefined where it does not say. */
  isListedBy(legacy: MemberRecord): Promise<boolean | undefined> {
    return this.#listsAsItSays(legacy, this.#ctx.env.random.uuid());
  }

  /** Has a legacy member take this peer off its list. @returns true if it surely is not on it now */
  async isForgottenBy(legacy: MemberRecord): Promise<boolean> {
    return (await this.#listsAsItSays(legacy, this.#ctx.self.id)) !== undefined;
  }

  /** Tells a legacy member that `id` has left; its answer says whether it listed this peer. */
  async #listsAsItSays(
    legacy: MemberRecord,
    id: string,
  ): Promise<boolean | undefined> {
    const result = await this.#call(legacy, 'left', { id });
    if (result?.kind !== 'answered') {
      return undefined;
    }
    if (successOf(result)) {
      return true;
    }
    return result.status === 404 || result.status === 403 ? false : undefined;
  }

  async #tellOf(
    about: string,
    member: MemberRecord,
    endpoint: 'joined' | 'left',
    body: JsonObject,
  ): Promise<boolean> {
    const result = await this.#call(member, endpoint, body);
    if (successOf(result)) {
      return true;
    }
    if (isLegacy(member)) {
      this.onUntold(member, about);
      // An original answers 404 to whoever is not on its list.
      if (result?.kind === 'answered' && result.status === 404) {
        this.onUnlisted(member);
      }
    }
    return false;
  }

  #call(
    member: MemberRecord,
    endpoint: 'joined' | 'left' | 'update',
    body: JsonObject,
  ): Promise<CallResult | undefined> {
    const { calls, options } = this.#ctx;
    return this.#limiter.run(() =>
      calls.call(member, endpoint, body, options.requestTimeout),
    );
  }
}
