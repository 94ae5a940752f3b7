import { normalizeIp } from '../../../wire/address.js';
import { isPeerId } from '../../../wire/endpoints.js';
import {
  isJsonObject,
  type JsonObject,
  jsonBytes,
} from '../../../wire/json.js';
import type { PeerInfo } from '../../../wire/bodies.js';
import type { CoreContext } from '../context.js';
import {
  readIncarnation,
  readPeerInfo,
  speaks,
  toPeerInfo,
  type MemberRecord,
  type StateUpdate,
} from '../member-list/index.js';
import {
  MAX_GOSSIP_ITEMS,
  MAX_UPDATES_BYTES,
} from '../options/membership.options.js';
import type { StatusExtension } from '../status/index.js';
import { sendsFor, type GossipQueue } from './gossip-queue.js';

/** Most bytes of an update about a state: two ids, and a little. */
const STATE_UPDATE_BYTES = 512;

/** The `ext` part of `/status` and of its answer (PROTOCOL.md, section 4, `gossip`). */
export class GossipExtension implements StatusExtension {
  readonly #ctx: CoreContext;
  readonly #queue: GossipQueue;

  constructor(ctx: CoreContext, queue: GossipQueue) {
    this.#ctx = ctx;
    this.#queue = queue;
  }

  request(
    target: MemberRecord,
    updates: readonly JsonObject[] = [],
    extra: JsonObject = {},
  ): JsonObject | undefined {
    if (!speaks(target, 'gossip')) {
      return undefined;
    }
    const room = MAX_UPDATES_BYTES - jsonBytes(extra);
    return {
      digest: this.#ctx.list.digest.text,
      updates: this.#updates(target, [...updates], room),
      seen: target.incarnation,
      you: target.ip,
      ...extra,
    };
  }

  answer(request: JsonObject, sender: MemberRecord): JsonObject {
    const { self, events, list } = this.#ctx;
    const seen = readIncarnation(request.seen);
    const { record } = self;
    if (seen !== undefined) {
      events.emit('self.claimed', seen, false, normalizeIp(request.you));
    }
    // A sender with an old idea of this peer gets the current record, in the same exchange.
    const isBehind = seen !== undefined && seen < record.incarnation;
    const first = isBehind ? [recordUpdate(record, true)].filter(fits) : [];
    return {
      digest: list.digest.text,
      updates: this.#updates(sender, first),
    };
  }

  read(ext: JsonObject | undefined, from: MemberRecord): void {
    if (!isJsonObject(ext)) {
      return;
    }
    const { events } = this.#ctx;
    if (Array.isArray(ext.updates)) {
      const items = ext.updates.slice(0, MAX_GOSSIP_ITEMS);
      events.emit('gossip.updates', items, from);
    }
    if (typeof ext.digest === 'string' && ext.digest.length <= 64) {
      events.emit('gossip.digest', ext.digest, from);
    }
  }

  /** A suspect always hears of it first, so that it can contradict (Lifeguard's buddy system). */
  #updates(
    target: MemberRecord,
    first: JsonObject[],
    room = MAX_UPDATES_BYTES,
  ): JsonObject[] {
    const { list, options, self } = this.#ctx;
    if (list.peek(target.id)?.state === 'suspect') {
      const { id, incarnation } = target;
      first.push(stateUpdate({ id, incarnation, state: 'suspect' }, self.id));
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
      others.filter(({ id }) => !first.some((update) => update.id === id)),
    );
  }
}

function bytesOf(updates: readonly JsonObject[]): number {
  return updates.reduce((sum, item) => sum + jsonBytes(item), 0);
}

/** A record that leaves no room for an update about a state is left to the comparison of lists. */
function fits(update: JsonObject): boolean {
  return jsonBytes(update) <= MAX_UPDATES_BYTES - STATE_UPDATE_BYTES;
}

/** One update, as it came: a member's own record, or that others suspect it or found it gone. */
export type Update =
  | {
      readonly kind: 'record';
      readonly info: PeerInfo;
      readonly legacyNotified: boolean;
    }
  | {
      readonly kind: 'state';
      readonly state: StateUpdate;
      readonly by: string | undefined;
    };

/** The update that a member is there, with all that is known of it. */
export function recordUpdate(
  record: MemberRecord,
  legacyNotified: boolean,
): JsonObject {
  const body: JsonObject = { ...recordBody(record), state: 'alive' };
  if (legacyNotified) {
    body.told = true;
  }
  return body;
}

/** A record as JSON for peers with features. */
export function recordBody(record: PeerInfo): JsonObject {
  return toPeerInfo(record) as unknown as JsonObject;
}

/** The update that a member is suspected (and by whom) or gone. */
export function stateUpdate(
  { id, incarnation, state }: StateUpdate,
  by?: string,
): JsonObject {
  return by === undefined
    ? { id, incarnation, state }
    : { id, incarnation, state, by };
}

/** Reads one update; undefined for one that cannot be right. */
export function readUpdate(
  value: unknown,
  maxDataBytes: number,
): Update | undefined {
  if (!isJsonObject(value)) {
    return undefined;
  }
  switch (value.state) {
    case 'alive':
      return readRecord(value, maxDataBytes);
    case 'suspect':
    case 'dead':
    case 'left':
      return readState(value, value.state);
    default:
      return undefined;
  }
}

function readRecord(
  value: JsonObject,
  maxDataBytes: number,
): Update | undefined {
  const info = readPeerInfo(value, maxDataBytes);
  return info && { kind: 'record', info, legacyNotified: value.told === true };
}

function readState(
  value: JsonObject,
  state: StateUpdate['state'],
): Update | undefined {
  const incarnation = readIncarnation(value.incarnation);
  if (!isPeerId(value.id) || incarnation === undefined) {
    return undefined;
  }
  return {
    kind: 'state',
    state: { id: value.id, incarnation, state },
    by: isPeerId(value.by) ? value.by : undefined,
  };
}
