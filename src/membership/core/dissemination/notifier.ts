import type { JsonObject } from '../../../wire/json.js';
import type { PeerInfo } from '../../../wire/bodies.js';
import type { CoreContext } from '../context.js';
import { Semaphore } from '../../../util/semaphore.js';
import {
  isLegacy,
  toLegacyInfo,
  type MemberRecord,
} from '../member-list/index.js';
import { MAX_CONCURRENT_NOTIFICATIONS } from '../options/membership.options.js';
import { successOf, type CallResult } from '../peer-calls.js';
import { recordBody } from './gossip-extension.js';

/** Notifies members directly, by the protocol's own requests. */
export class Notifier {
  readonly #semaphore: Semaphore;

  readonly #ctx: CoreContext;

  /** As many may wait as there are members: a peer that leaves notifies all of them. */
  constructor(ctx: CoreContext) {
    this.#ctx = ctx;
    this.#semaphore = new Semaphore(
      MAX_CONCURRENT_NOTIFICATIONS,
      ctx.options.maxPeers,
    );
  }

  /** True while the cloud is small enough to notify everybody at once. */
  get isDirect(): boolean {
    return this.#ctx.list.size + 1 <= this.#ctx.options.directThreshold;
  }

  /** The members that this peer notifies of a join or an end: legacy members always, the others in small clouds. */
  recipients(except?: string): MemberRecord[] {
    const everyone = this.isDirect;
    if (!everyone && this.#ctx.list.legacyCount === 0) {
      return [];
    }
    const recipients: MemberRecord[] = [];
    for (const member of this.#ctx.list.records()) {
      if (member.id !== except && (everyone || isLegacy(member))) {
        recipients.push(member);
      }
    }
    return recipients;
  }

  /** @returns true if the member took note */
  async joined(member: MemberRecord, peer: PeerInfo): Promise<boolean> {
    const body = isLegacy(member)
      ? (toLegacyInfo(peer) as unknown as JsonObject)
      : recordBody(peer);
    return this.#notify(member, peer.id, 'joined', body);
  }

  /** @returns true if the member took note */
  async left(member: MemberRecord, id: string): Promise<boolean> {
    return this.#notify(member, id, 'left', { id });
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

  /** Sends a legacy member `/left` about `id`; its answer says whether it listed this peer. */
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

  async #notify(
    member: MemberRecord,
    about: string,
    endpoint: 'joined' | 'left',
    body: JsonObject,
  ): Promise<boolean> {
    const result = await this.#call(member, endpoint, body);
    if (successOf(result)) {
      return true;
    }
    if (isLegacy(member)) {
      const { events } = this.#ctx;
      events.emit('legacy.doubtful', member.id, about);
      // An original answers 404 to peers that are not on its list.
      if (result?.kind === 'answered' && result.status === 404) {
        events.emit('legacy.unlisted', member);
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
    return this.#semaphore.run(() =>
      calls.call(member, endpoint, body, options.requestTimeout),
    );
  }
}
