import type { PeerTarget } from '../../../transport/peer-transport.interface.js';
import { isSuccess } from '../../../wire/endpoints.js';
import type { JsonObject } from '../../../wire/json.js';
import type { PeerStatus } from '../../../wire/requests.js';
import type { CoreContext } from '../core-context.js';
import {
  speaksGossip,
  type GossipExtension,
} from '../dissemination/gossip-extension.js';
import {
  changeRecord,
  isLegacy,
  type MemberRecord,
} from '../member-list/member-record.js';
import { MAX_INCARNATION_LEAD } from '../options/membership.limits.js';
import { isRefusal } from '../peer-calls.js';
import { readStatus } from './status-reader.js';

/**
 * What came of asking for `/status`:
 * - `online`: it answers, with the id that was meant or with none
 * - `leaving`: the same, but it is shutting down
 * - `other`: somebody else answers there
 * - `busy`: it answers, but not this question (too large, too many, not allowed)
 * - `refused`: nobody listens there
 * - `silent`: no answer, or none that comes from a peer
 * - `aborted`: given up by this peer itself, which stops or has no connection to spare
 */
export type StatusReply =
  | {
      readonly kind: 'online' | 'leaving' | 'other';
      readonly status: PeerStatus;
      readonly ms: number;
    }
  | {
      readonly kind: 'busy' | 'refused' | 'silent' | 'aborted';
      readonly status?: undefined;
    };

/** Asks peers for `/status`, with everything that rides along. */
export class StatusCaller {
  /** Called when a member that speaks gossip treats this peer as a stranger. */
  onStranger: (id: string) => void = () => {};

  readonly #ctx: CoreContext;
  readonly #extension: GossipExtension;

  constructor(ctx: CoreContext, extension: GossipExtension) {
    this.#ctx = ctx;
    this.#extension = extension;
  }

  /** Asks a member. `extra` joins the extension part, `news` comes before other news. */
  async ask(
    member: MemberRecord,
    timeout: number,
    extra?: JsonObject,
    news: readonly JsonObject[] = [],
  ): Promise<StatusReply> {
    const ext = this.#extension.request(member, news, extra);
    const body: JsonObject = ext ? { ext } : {};
    const reply = await this.#send(member, member.id, body, timeout);
    if (reply.kind === 'online' || reply.kind === 'leaving') {
      this.#learn(member, reply.status, ext !== undefined);
    }
    return reply;
  }

  /**
   * Asks whoever is at an address.
   * @param id whom it should be, where that is known
   * @param exact true: no longer than `timeout`, even if this process is slow itself
   */
  askAddress(
    target: PeerTarget,
    timeout: number,
    id?: string,
    exact = false,
  ): Promise<StatusReply> {
    return this.#send(target, id, {}, timeout, exact);
  }

  async #send(
    target: PeerTarget,
    id: string | undefined,
    body: JsonObject,
    timeout: number,
    exact = false,
  ): Promise<StatusReply> {
    const { env, calls } = this.#ctx;
    const start = env.clock.monotonic();
    const result = await calls.call(target, 'status', body, timeout, {
      exact,
    });
    if (result.kind !== 'answered') {
      return { kind: result.kind };
    }
    if (isRefusal(result)) {
      return { kind: 'busy' };
    }
    // Any web page answers with 200: without JSON it is nobody of ours.
    if (!isSuccess(result.status) || !result.body) {
      return { kind: 'silent' };
    }
    const status = readStatus(result.body);
    const ms = env.clock.monotonic() - start;
    // As it was said, not as it was read: an id that cannot be one is no id of a member either.
    if (id !== undefined && (result.body.id ?? id) !== id) {
      return { kind: 'other', status, ms };
    }
    return { kind: status.online ? 'online' : 'leaving', status, ms };
  }

  #learn(member: MemberRecord, status: PeerStatus, asked: boolean): void {
    const current = this.#ctx.list.peek(member.id);
    if (!current) {
      return;
    }
    if (isLegacy(current) && status.features) {
      this.#upgrade(current, status);
    }
    if (!speaksGossip(current)) {
      return;
    }
    if (status.ext) {
      this.#extension.read(status.ext, current);
    }
    // Whoever is leaving lists nobody any more.
    else if (asked && status.online && status.features) {
      this.onStranger(member.id);
    }
  }

  /** The member's own word about its features ends what was hearsay (PROTOCOL.md, section 4). */
  #upgrade(member: MemberRecord, status: PeerStatus): void {
    const incarnation = status.incarnation ?? 0;
    if (incarnation > this.#ctx.env.clock.now() + MAX_INCARNATION_LEAD) {
      return;
    }
    const record = changeRecord(member, {
      features: status.features ?? [],
      // One less than it says: the data may be older, and the member sends its record to whoever is behind.
      incarnation: Math.max(incarnation - 1, member.incarnation + 1),
      state: 'alive',
      ...(status.cloud !== undefined && { cloud: status.cloud }),
      ...(status.scheme !== undefined && { scheme: status.scheme }),
    });
    this.#ctx.list.apply(record, {
      origin: 'check',
      from: member.id,
      verified: true,
    });
  }
}
