import { type JsonObject, isJsonObject } from '../../../wire/json.js';
import {
  type MemberRecord,
  changeRecord,
  isCredibleIncarnation,
  isLegacy,
  readFeatures,
  readIncarnation,
  speaks,
} from '../member-list/index.js';
import type { PeerTarget } from '../../../transport/peer-transport.interface.js';
import { isPeerId, isSuccess } from '../../../wire/endpoints.js';
import type { PeerStatus } from '../../../wire/bodies.js';
import type { CoreContext } from '../context.js';
import { MAX_CLOUD_LENGTH } from '../options/membership.options.js';
import { describeRefusal, isRefusal } from '../peer-calls.js';

/** The `ext` part of `/status` and of its answer: what rides along between peers that have extensions. */
export interface StatusExtension {
  /**
   * What goes along with a request to a member; undefined where the member does not speak it.
   * @param updates the ones that come before others
   * @param extra what else the request asks; the updates have the room that it leaves
   */
  request(
    target: MemberRecord,
    updates?: readonly JsonObject[],
    extra?: JsonObject,
  ): JsonObject | undefined;
  /** What goes back with the answer to a member's request. */
  answer(request: JsonObject, sender: MemberRecord): JsonObject;
  /** Takes what came along. */
  read(ext: JsonObject | undefined, from: MemberRecord): void;
}

/** What a member may ask along with `/status`, by ids and never by addresses; what comes back joins the answer's extension part. */
export interface StatusService {
  serve(
    request: JsonObject,
    sender: MemberRecord,
  ): JsonObject | Promise<JsonObject>;
}

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
      readonly why?: undefined;
    }
  | {
      readonly kind: 'busy' | 'refused' | 'silent' | 'aborted';
      readonly status?: undefined;
      /** What stood in the way, in a few words. */
      readonly why?: string;
      /** True: this peer has no way to addresses of that kind. */
      readonly noWay?: boolean;
    };

/** Sockets that this peer has opened to members: those that members have opened say nothing about whether they can be reached. */
export interface StatusSockets {
  /** Asks a member over its socket; undefined where none is open, or for where it breaks. */
  ask(
    member: MemberRecord,
    body: JsonObject,
  ): Promise<JsonObject | undefined> | undefined;
}

/** Part of the time after which a question over a socket is asked by a request of its own as well. */
const SOCKET_SHARE = 1 / 4;

/** Asks peers for `/status`, with everything that rides along. */
export class StatusCaller {
  /** What members are asked over, where something is open. */
  sockets: StatusSockets | undefined;

  readonly #ctx: CoreContext;
  readonly #extension: StatusExtension;

  constructor(ctx: CoreContext, extension: StatusExtension) {
    this.#ctx = ctx;
    this.#extension = extension;
  }

  /** Asks a member. `extra` joins the extension part, `updates` come before other updates. */
  ask(
    member: MemberRecord,
    timeout: number,
    extra?: JsonObject,
    updates?: readonly JsonObject[],
  ): Promise<StatusReply> {
    return this.#ask(member, extra, updates, (body) =>
      this.#send(member, member.id, body, timeout),
    );
  }

  /** Asks a member over the socket that is open to it; by a request where none is. */
  check(member: MemberRecord, timeout: number): Promise<StatusReply> {
    return this.#ask(member, undefined, undefined, (body) => {
      const answer = this.sockets?.ask(member, body);
      return answer
        ? this.#askTwice(member, body, timeout, answer)
        : this.#send(member, member.id, body, timeout);
    });
  }

  async #ask(
    member: MemberRecord,
    extra: JsonObject | undefined,
    updates: readonly JsonObject[] | undefined,
    send: (body: JsonObject) => Promise<StatusReply>,
  ): Promise<StatusReply> {
    const ext = this.#extension.request(member, updates, extra);
    const reply = await send(ext ? { ext } : {});
    if (reply.kind === 'online' || reply.kind === 'leaving') {
      this.#learn(member, reply.status, ext !== undefined);
    }
    return reply;
  }

  /**
   * Asks the peer at an address.
   * @param id the one that it should have, where that is known
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

  /**
   * The question is under way over a socket. Where that says nothing in its share of the time, or breaks, a
   * request asks as well: a socket that is stalled or was cut says nothing about the member.
   */
  #askTwice(
    member: MemberRecord,
    body: JsonObject,
    timeout: number,
    answer: Promise<JsonObject | undefined>,
  ): Promise<StatusReply> {
    const { clock } = this.#ctx.env;
    const start = clock.monotonic();
    return new Promise((resolve) => {
      let isAsked = false;
      const share = timeout * SOCKET_SHARE;
      const askAnew = () => {
        clock.clearTimeout(timer);
        if (!isAsked) {
          isAsked = true;
          const used = Math.min(clock.monotonic() - start, share);
          void this.#send(member, member.id, body, timeout - used).then(
            resolve,
          );
        }
      };
      const timer = clock.setTimeout(askAnew, share);
      void answer.then((said) => {
        if (!said) {
          askAnew();
          return;
        }
        clock.clearTimeout(timer);
        const reply = this.#judge(said, member.id, start);
        if (reply.kind !== 'other') {
          this.#ctx.events.emit('peer.answered', member.id);
        }
        resolve(reply);
      });
    });
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
      return result;
    }
    const why = describeRefusal(result.status);
    if (isRefusal(result)) {
      return { kind: 'busy', why };
    }
    // Any web page answers with 200: without JSON it is no peer.
    if (!isSuccess(result.status) || !result.body) {
      return { kind: 'silent', why };
    }
    return this.#judge(result.body, id, start);
  }

  #judge(body: JsonObject, id: string | undefined, start: number): StatusReply {
    const status = readStatus(body);
    const ms = this.#ctx.env.clock.monotonic() - start;
    // As it was said, not as it was read: an id that cannot be one is no id of a member either.
    if (id !== undefined && (body.id ?? id) !== id) {
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
    if (!speaks(current, 'gossip')) {
      return;
    }
    if (status.ext) {
      this.#extension.read(status.ext, current);
    }
    // A peer that is leaving lists nobody any more.
    else if (asked && status.online && status.features) {
      this.#ctx.events.emit('self.unlisted', member.id);
    }
  }

  /** The member's own word about its features ends what a legacy peer has said (PROTOCOL.md, section 4). */
  #upgrade(member: MemberRecord, status: PeerStatus): void {
    const incarnation = status.incarnation ?? 0;
    if (!isCredibleIncarnation(incarnation, this.#ctx.env.clock, 'ownWord')) {
      return;
    }
    const record = changeRecord(member, {
      features: status.features ?? [],
      // One less than it says: the data may be older, and the member sends its record to a peer that is behind.
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

/** Reads the answer to `/status`. What is not as it should be counts as absent. */
export function readStatus(body: JsonObject | undefined): PeerStatus {
  if (!body) {
    return { online: true };
  }
  const status: PeerStatus = { online: body.online !== false };
  if (isPeerId(body.id)) {
    status.id = body.id;
  }
  if (typeof body.listening === 'boolean') {
    status.listening = body.listening;
  }
  if (typeof body.joined === 'boolean') {
    status.joined = body.joined;
  }
  const features = readFeatures(body.features);
  if (features) {
    status.features = features;
  }
  const incarnation = readIncarnation(body.incarnation);
  if (incarnation !== undefined) {
    status.incarnation = incarnation;
  }
  if (typeof body.cloud === 'string' && body.cloud.length <= MAX_CLOUD_LENGTH) {
    status.cloud = body.cloud;
  }
  if (body.scheme === 'https') {
    status.scheme = 'https';
  }
  if (isJsonObject(body.ext)) {
    status.ext = body.ext;
  }
  return status;
}
