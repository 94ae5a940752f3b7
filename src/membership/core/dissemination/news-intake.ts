import { LimitedLog } from '../../../util/limited-log.js';
import { isJsonObject, type JsonValue } from '../../../wire/json.js';
import type { PeerInfo } from '../../../wire/peer-info.js';
import type { CoreContext } from '../core-context.js';
import type { EndCheck } from '../failure-detection/end-check.js';
import type { FailureDetector } from '../failure-detection/failure-detector.js';
import { readNews } from './gossip-body.js';
import type { TokenBuckets } from '../../../util/token-buckets.js';
import type { ChangeOrigin, NewsSource } from '../member-list/member-change.js';
import type { Accusation } from '../member-list/member-list.js';
import {
  isLegacy,
  makeRecord,
  type MemberRecord,
} from '../member-list/member-record.js';
import type { RequestOrigin } from '../membership.types.js';
import { MAX_INCARNATION_LEAD } from '../options/membership.limits.js';
import { overrides, type Version } from '../member-list/merge-rule.js';
import type { Verifier } from '../failure-detection/verifier.js';

/** Where all that others say about members comes in: what cannot be believed stays out. */
export class NewsIntake {
  /** Called when others believe that this peer is suspected, dead or gone, or newer than it is. */
  onSelf: (incarnation: number, isAccused: boolean, ip?: string) => void =
    () => {};
  readonly #log: LimitedLog;
  #warnedFull = false;

  readonly #ctx: CoreContext;
  readonly #detector: FailureDetector;
  readonly #verifier: Verifier;
  readonly #endCheck: EndCheck;
  readonly #quota: TokenBuckets;

  constructor(
    ctx: CoreContext,
    detector: FailureDetector,
    verifier: Verifier,
    endCheck: EndCheck,
    quota: TokenBuckets,
  ) {
    this.#ctx = ctx;
    this.#detector = detector;
    this.#verifier = verifier;
    this.#endCheck = endCheck;
    this.#quota = quota;
    const { logger, clock } = ctx.env;
    this.#log = new LimitedLog(logger, () => clock.monotonic());
  }

  /** Items of news, unread, from a member. */
  take(
    items: readonly JsonValue[],
    from: MemberRecord,
    origin: 'gossip' | 'sync',
  ): void {
    for (const item of items) {
      if (this.#isRepeated(item)) {
        continue;
      }
      const news = readNews(item, this.#ctx.options.maxDataBytes);
      if (news?.kind === 'record') {
        this.record(news.info, {
          origin,
          from: from.id,
          legacyTold: news.legacyTold,
        });
      } else if (news) {
        this.accusation(news.accusation, from.id, origin, news.by);
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
   * @param hearsay the teller is a legacy peer: what it says about extensions does not count
   * @returns true if the list has changed
   */
  record(told: PeerInfo, source: NewsSource, hearsay = false): boolean {
    const info = hearsay ? withoutExtensions(told) : told;
    if (info.id === this.#ctx.self.id) {
      this.onSelf(info.incarnation ?? 0, false, info.ip);
      return false;
    }
    if (this.#isOld(info) || !this.#credible(info, source)) {
      return false;
    }
    const record = makeRecord(info, 'alive');
    const known = this.#ctx.list.peek(record.id);
    // Hearsay about a member that is known adds nothing, unless it names another address.
    if (known && known.address === record.address && hearsay) {
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
    const outcome = this.#ctx.list.apply(record, source);
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
    if (outcome === 'applied' && hearsay) {
      this.#verifier.identify(record.id);
    }
    return outcome === 'applied';
  }

  /** Somebody is said to be suspect, dead or gone. */
  accusation(
    news: Accusation,
    from: string,
    origin: ChangeOrigin,
    by = from,
  ): void {
    if (!this.#believable(news.incarnation)) {
      return;
    }
    if (news.id === this.#ctx.self.id) {
      this.onSelf(news.incarnation, true);
    } else if (news.state === 'suspect') {
      // Accusers count, so nobody may invent them.
      const isKnown = by === this.#ctx.self.id || this.#ctx.list.peek(by);
      this.#detector.suspected(
        { ...news, state: 'suspect' },
        isKnown ? by : from,
        from,
      );
    } else if (origin === 'sync' && news.state === 'dead') {
      this.#doubt(news, from);
    } else if (
      this.#ctx.list.peek(news.id) &&
      !this.#detector.isLongDoubted(news.id)
    ) {
      this.#endCheck.told(news, { origin, from });
    } else {
      this.#ctx.list.accuse(news, { origin, from });
    }
  }

  /** Whoever tells it with a whole list may be behind: no verdict. */
  #doubt(news: Accusation, from: string): void {
    const { list } = this.#ctx;
    const known = list.peek(news.id);
    if (!known) {
      list.accuse(news, { origin: 'sync', from });
    } else if (news.incarnation >= known.incarnation) {
      this.#detector.doubt(news.id, from);
    }
  }

  #credible(info: PeerInfo, source: NewsSource): boolean {
    const { env, self } = this.#ctx;
    if (info.id.length > this.#ctx.options.limits.maxIdLength) {
      return false;
    }
    if (!this.#believable(info.incarnation ?? 0)) {
      return false;
    }
    if (info.features && (info.cloud ?? '') !== self.cloud) {
      return false;
    }
    if (this.#isOwnAddress(info)) {
      return false;
    }
    const origin = this.#originOf(source);
    if (!env.allows(info, origin)) {
      this.#log.warn(
        `Not added: ${info.id} at ${info.ip}:${info.port}, as ${source.from ?? 'a known peer'} says`,
        'the address is not allowed',
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

  /** It adds nothing to what is known: not worth the check of a signature. */
  #isOld({ id, features, incarnation = 0 }: PeerInfo): boolean {
    const { list } = this.#ctx;
    if (!features) {
      return false;
    }
    return isCovered(incarnation, list.peek(id) ?? list.tombstones.get(id));
  }

  /** A loopback address, say, means something else to a teller on another host. */
  #originOf({ from, toldAt }: NewsSource): RequestOrigin | undefined {
    if (toldAt !== undefined) {
      return { remoteAddress: toldAt };
    }
    const member = from === undefined ? undefined : this.#ctx.list.peek(from);
    return member && { remoteAddress: member.ip, senderId: member.id };
  }

  /** Whoever was at this peer's own address before is no more. */
  #isOwnAddress(info: PeerInfo): boolean {
    const { record, hasAddress } = this.#ctx.self;
    return hasAddress && info.ip === record.ip && info.port === record.port;
  }

  #believable(incarnation: number): boolean {
    return incarnation <= this.#ctx.env.clock.now() + MAX_INCARNATION_LEAD;
  }

  #mayMove(
    record: MemberRecord,
    known: MemberRecord,
    source: NewsSource,
  ): boolean {
    return isLegacy(record)
      ? source.origin === 'joined'
      : record.incarnation > known.incarnation;
  }

  #withinQuota(record: MemberRecord, reporter: string): boolean {
    const { hearsay } = this.#ctx.list.room;
    if (!hearsay.isFull(reporter) && this.#quota.take(reporter)) {
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

/** True if word that a member is alive changes nothing about what is known of it. */
function isCovered(incarnation: number, known: Version | undefined): boolean {
  return (
    known !== undefined && !overrides({ incarnation, state: 'alive' }, known)
  );
}
