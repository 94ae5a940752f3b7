import { LimitedLog } from '../../../util/limited-log.js';
import { TokenBuckets } from '../../../util/token-buckets.js';
import { isJsonObject, type JsonValue } from '../../../wire/json.js';
import type { PeerInfo } from '../../../wire/bodies.js';
import type { CoreContext } from '../context.js';
import type { FailureDetector, Verifier } from '../failure-detection/index.js';
import {
  isCredibleIncarnation,
  isLegacy,
  leadOf,
  makeRecord,
  overrides,
  type ChangeOrigin,
  type MemberRecord,
  type StateUpdate,
  type UpdateSource,
  type Version,
} from '../member-list/index.js';
import type { RequestOrigin } from '../membership.types.js';
import { MAX_REPORTERS } from '../options/membership.options.js';
import { readUpdate } from './gossip-extension.js';

/** Where all that others say about members comes in: what cannot be believed stays out. */
export class UpdateIntake {
  readonly #log: LimitedLog;
  /** New members that one member may name. */
  readonly #quota: TokenBuckets;
  #warnedFull = false;

  readonly #ctx: CoreContext;
  readonly #detector: FailureDetector;
  readonly #verifier: Verifier;

  constructor(ctx: CoreContext, detector: FailureDetector, verifier: Verifier) {
    this.#ctx = ctx;
    this.#detector = detector;
    this.#verifier = verifier;
    const { logger, clock } = ctx.env;
    const now = () => clock.monotonic();
    this.#quota = new TokenBuckets(ctx.options.hearsayQuota, {
      now,
      maxKeys: MAX_REPORTERS,
    });
    this.#log = new LimitedLog(logger, now);
  }

  /** Updates, unread, from a member. */
  take(
    items: readonly JsonValue[],
    from: MemberRecord,
    origin: 'gossip' | 'sync',
  ): void {
    for (const item of items) {
      if (this.#isRepeated(item)) {
        continue;
      }
      const update = readUpdate(item, this.#ctx.options.maxDataBytes);
      if (update?.kind === 'record') {
        const { info, legacyNotified } = update;
        this.record(info, { origin, from: from.id, legacyNotified });
      } else if (update) {
        this.#state(update.state, from.id, origin, update.by);
      }
    }
  }

  /** Most gossip comes several times: what can change nothing is not worth reading. */
  #isRepeated(item: JsonValue): boolean {
    if (!isJsonObject(item) || item.state !== 'alive') {
      return false;
    }
    const { id, incarnation } = item;
    if (typeof id !== 'string' || typeof incarnation !== 'number') {
      return false;
    }
    return isCovered(incarnation, this.#ctx.list.peek(id));
  }

  /**
   * A member's description, from another one.
   * @param byLegacy true: what the sender says about extensions does not count
   * @returns true if the list has changed
   */
  record(told: PeerInfo, source: UpdateSource, byLegacy = false): boolean {
    const info = byLegacy ? withoutExtensions(told) : told;
    const { self, events, list } = this.#ctx;
    if (info.id === self.id) {
      events.emit('self.claimed', info.incarnation ?? 0, false, info.ip);
      return false;
    }
    if (this.#isOld(info) || !this.#credible(info, source)) {
      return false;
    }
    const record = makeRecord(info, 'alive');
    const known = list.peek(record.id);
    // What a legacy peer says about a member that is known adds nothing, unless it names another address.
    if (known && known.address === record.address && byLegacy) {
      return false;
    }
    if (
      known &&
      known.address !== record.address &&
      this.#mayMove(record, known, source)
    ) {
      this.#verifier.moved(record, source.from ?? '');
      return false;
    }
    const isNew = !known;
    if (
      isNew &&
      source.from !== undefined &&
      !this.#withinQuota(record, source.from)
    ) {
      return false;
    }
    const weighed = this.#detector.weigh(record, source);
    const outcome = list.apply(weighed, source);
    if (outcome === 'occupied') {
      this.#verifier.contested(record, source);
    } else if (outcome === 'full') {
      this.#warnFull();
    } else if (
      outcome === 'old' &&
      isNew &&
      isLegacy(record) &&
      source.origin === 'joined'
    ) {
      this.#verifier.contested(record, source);
    }
    if (outcome === 'applied' && byLegacy) {
      this.#verifier.identify(record.id);
    }
    return outcome === 'applied';
  }

  /** A member is suspected, dead or gone, as another one says. */
  #state(
    update: StateUpdate,
    from: string,
    origin: ChangeOrigin,
    by = from,
  ): void {
    const { self, list, events, env } = this.#ctx;
    const { id, state, incarnation } = update;
    const believed =
      id === self.id
        ? self.incarnation
        : (list.peek(id) ?? list.tombstones.get(id))?.incarnation;
    if (
      incarnation > (believed ?? 0) &&
      !isCredibleIncarnation(incarnation, env.clock, 'accusation')
    ) {
      return;
    }
    if (id === self.id) {
      events.emit('self.claimed', incarnation, true);
    } else if (state === 'suspect') {
      // Members that suspect count, so nobody may invent them.
      const isKnown = by === self.id || list.peek(by);
      this.#detector.suspected({ ...update, state }, isKnown ? by : from, from);
    } else if (origin === 'sync' && state === 'dead') {
      this.#doubt(update, from);
    } else if (list.peek(id) && !this.#detector.isLongSuspected(id)) {
      this.#verifier.ended(update, { origin, from });
    } else {
      list.applyState(update, { origin, from });
    }
  }

  /** A member that says so with its whole list may be behind: no verdict. */
  #doubt(update: StateUpdate, from: string): void {
    const { list } = this.#ctx;
    const known = list.peek(update.id);
    if (!known) {
      list.applyState(update, { origin: 'sync', from });
    } else if (update.incarnation >= known.incarnation) {
      this.#detector.doubt(update.id, from);
    }
  }

  #credible(info: PeerInfo, source: UpdateSource): boolean {
    const { env, self } = this.#ctx;
    if (info.id.length > this.#ctx.options.limits.maxIdLength) {
      return false;
    }
    const { incarnation = 0 } = info;
    const isOwnWord = source.verified || source.from === info.id;
    const by = isOwnWord ? 'ownWord' : 'hearsay';
    if (!isCredibleIncarnation(incarnation, env.clock, by)) {
      this.#log.warn(
        `Not added: ${info.id}, ${leadOf(incarnation, env.clock)} ahead`,
        "its clock, or this peer's, is wrong",
      );
      return false;
    }
    if (info.features && (info.cloud ?? '') !== self.cloud) {
      return false;
    }
    if (this.#isOwnAddress(info)) {
      return false;
    }
    const origin = this.#originOf(source);
    const refusal = env.addressRefusal(info, origin);
    if (refusal !== undefined) {
      this.#log.warn(
        `Not added: ${info.id} at ${info.ip}:${info.port}, as ${source.from ?? 'a seed'} says`,
        `its address ${refusal}`,
      );
      return false;
    }
    if (env.verifyRecord && !env.verifyRecord(info)) {
      this.#log.warn(
        `Not added: ${info.id}`,
        'the signature of its record does not hold',
      );
      return false;
    }
    return true;
  }

  /** True if it adds nothing to what is known: not worth the check of a signature. */
  #isOld({ id, features, incarnation = 0 }: PeerInfo): boolean {
    const { list } = this.#ctx;
    if (!features) {
      return false;
    }
    return isCovered(incarnation, list.peek(id) ?? list.tombstones.get(id));
  }

  /** Where the sender is: a loopback address, say, means something else to a sender on another host. */
  #originOf({ from, senderAddress }: UpdateSource): RequestOrigin | undefined {
    if (senderAddress !== undefined) {
      return { remoteAddress: senderAddress };
    }
    const member = from === undefined ? undefined : this.#ctx.list.peek(from);
    return member && { remoteAddress: member.ip, senderId: member.id };
  }

  /** True at this peer's own address: a peer that was there before is no more. */
  #isOwnAddress(info: PeerInfo): boolean {
    const { record, hasAddress } = this.#ctx.self;
    return hasAddress && info.ip === record.ip && info.port === record.port;
  }

  #mayMove(
    record: MemberRecord,
    known: MemberRecord,
    source: UpdateSource,
  ): boolean {
    return isLegacy(record)
      ? source.origin === 'joined'
      : record.incarnation > known.incarnation;
  }

  #withinQuota(record: MemberRecord, reporter: string): boolean {
    const { unconfirmed } = this.#ctx.list.room;
    if (!unconfirmed.isFull(reporter) && this.#quota.take(reporter)) {
      return true;
    }
    this.#ctx.env.logger.debug(
      `${reporter} names too many members that nobody knows: ${record.id} is left out`,
    );
    return false;
  }

  #warnFull(): void {
    if (this.#warnedFull) {
      return;
    }
    this.#warnedFull = true;
    this.#ctx.env.logger.warn(
      'The list is full (maxPeers, limits.maxListBytes): more members are left out',
    );
  }
}

/** What a legacy peer says about a third one, as far as it counts. */
function withoutExtensions({ id, ip, port, data }: PeerInfo): PeerInfo {
  return { id, ip, port, data };
}

/** True if the word that a member is alive changes nothing about what is known of it. */
function isCovered(incarnation: number, known: Version | undefined): boolean {
  return (
    known !== undefined && !overrides({ incarnation, state: 'alive' }, known)
  );
}
