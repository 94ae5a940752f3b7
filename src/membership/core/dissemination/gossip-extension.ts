import { normalizeIp } from '../../../wire/address.js';
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../../wire/json.js';
import { jsonBytes } from '../../../wire/json-bytes.js';
import type { CoreContext } from '../core-context.js';
import { accusationNews, recordNews } from './gossip-body.js';
import { sendsFor, type GossipQueue } from './gossip-queue.js';
import type { MemberRecord } from '../member-list/member-record.js';
import {
  MAX_GOSSIP_ITEMS,
  MAX_NEWS_BYTES,
} from '../options/membership.limits.js';
import { readIncarnation } from '../member-list/record-reader.js';

/** Most bytes of an accusation: two ids, and a little. */
const ACCUSATION_BYTES = 512;

/** Who makes use of what the extension part brings. */
export interface GossipSink {
  /** News, unread, as it came from a member. */
  news(items: readonly JsonValue[], from: MemberRecord): void;
  /** What a member knows of this peer: its incarnation, and where it found it. */
  self(incarnation: number, ip: string | undefined): void;
  /** Fingerprint of a member's list. */
  digest(text: string, from: MemberRecord): void;
}

/** The `ext` part of `/status` and of its answer (PROTOCOL.md, section 4, `gossip`). */
export class GossipExtension {
  sink: GossipSink = { news: () => {}, self: () => {}, digest: () => {} };

  readonly #ctx: CoreContext;
  readonly #queue: GossipQueue;

  constructor(ctx: CoreContext, queue: GossipQueue) {
    this.#ctx = ctx;
    this.#queue = queue;
  }

  /**
   * What goes along with a request to a member; undefined where the member does not speak it.
   * @param news what comes before other news
   * @param extra what else the request asks; the news have the room that it leaves
   */
  request(
    target: MemberRecord,
    news: readonly JsonObject[] = [],
    extra: JsonObject = {},
  ): JsonObject | undefined {
    if (!speaksGossip(target)) {
      return undefined;
    }
    const room = MAX_NEWS_BYTES - jsonBytes(extra);
    return {
      digest: this.#ctx.list.digest.text,
      updates: this.#updates(target, [...news], room),
      seen: target.incarnation,
      you: target.ip,
      ...extra,
    };
  }

  /** What goes back with the answer to a member's request. */
  answer(request: JsonObject, sender: MemberRecord): JsonObject {
    const seen = readIncarnation(request.seen);
    const { record } = this.#ctx.self;
    if (seen !== undefined) {
      this.sink.self(seen, normalizeIp(request.you));
    }
    // Whoever asks with an old idea of this peer gets the current one, in the same exchange.
    const isBehind = seen !== undefined && seen < record.incarnation;
    const first = isBehind ? [recordNews(record, true)].filter(fits) : [];
    return {
      digest: this.#ctx.list.digest.text,
      updates: this.#updates(sender, first),
    };
  }

  /** Takes what came along. */
  read(ext: JsonObject | undefined, from: MemberRecord): void {
    if (!isJsonObject(ext)) {
      return;
    }
    if (Array.isArray(ext.updates)) {
      this.sink.news(ext.updates.slice(0, MAX_GOSSIP_ITEMS), from);
    }
    if (typeof ext.digest === 'string' && ext.digest.length <= 64) {
      this.sink.digest(ext.digest, from);
    }
  }

  /** A suspect always hears of it first, so that it can contradict (Lifeguard's buddy system). */
  #updates(
    target: MemberRecord,
    first: JsonObject[],
    room = MAX_NEWS_BYTES,
  ): JsonObject[] {
    const { list, options } = this.#ctx;
    if (list.peek(target.id)?.state === 'suspect') {
      first.push(
        accusationNews(
          { id: target.id, incarnation: target.incarnation, state: 'suspect' },
          this.#ctx.self.id,
        ),
      );
    }
    const sends = sendsFor(list.size + 1, options);
    const others = this.#queue.take(
      sends,
      target.id,
      MAX_GOSSIP_ITEMS - first.length,
      room - bytesOf(first),
    );
    if (first.length === 0) {
      return others;
    }
    return first.concat(
      others.filter(({ id }) => !first.some((news) => news.id === id)),
    );
  }
}

function bytesOf(news: readonly JsonObject[]): number {
  return news.reduce((sum, item) => sum + jsonBytes(item), 0);
}

/** What leaves no room for an accusation is left to the comparison of lists. */
function fits(news: JsonObject): boolean {
  return jsonBytes(news) <= MAX_NEWS_BYTES - ACCUSATION_BYTES;
}

/** True for a member that advertises the extension `gossip`. */
export function speaksGossip(member: { features: readonly string[] }): boolean {
  return member.features.includes('gossip');
}
