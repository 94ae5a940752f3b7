import { isPeerId } from '../../../wire/endpoints.js';
import { isJsonObject, type JsonObject } from '../../../wire/json.js';
import type { PeerInfo } from '../../../wire/peer-info.js';
import type { Accusation } from '../member-list/member-list.js';
import { toPeerInfo, type MemberRecord } from '../member-list/member-record.js';
import { readIncarnation, readPeerInfo } from '../member-list/record-reader.js';

/** One item of news, as it came: a member's own record, or that somebody suspects it or found it gone. */
export type NewsItem =
  | {
      readonly kind: 'record';
      readonly info: PeerInfo;
      readonly legacyTold: boolean;
    }
  | {
      readonly kind: 'accusation';
      readonly accusation: Accusation;
      readonly by: string | undefined;
    };

/** News that a member is there, with all that is known of it. `told`: legacy members know already. */
export function recordNews(
  record: MemberRecord,
  legacyTold: boolean,
): JsonObject {
  const body: JsonObject = { ...recordBody(record), state: 'alive' };
  if (legacyTold) {
    body.told = true;
  }
  return body;
}

/** A record as JSON for peers with features. */
export function recordBody(record: PeerInfo): JsonObject {
  return toPeerInfo(record) as unknown as JsonObject;
}

/** News that a member is suspected (and by whom) or gone. */
export function accusationNews(
  { id, incarnation, state }: Accusation,
  by?: string,
): JsonObject {
  return by === undefined
    ? { id, incarnation, state }
    : { id, incarnation, state, by };
}

/** Reads one item of news; undefined for one that cannot be right. */
export function readNews(
  value: unknown,
  maxDataBytes: number,
): NewsItem | undefined {
  if (!isJsonObject(value)) {
    return undefined;
  }
  switch (value.state) {
    case 'alive':
      return readRecord(value, maxDataBytes);
    case 'suspect':
    case 'dead':
    case 'left':
      return readAccusation(value, value.state);
    default:
      return undefined;
  }
}

function readRecord(
  value: JsonObject,
  maxDataBytes: number,
): NewsItem | undefined {
  const info = readPeerInfo(value, maxDataBytes);
  return info && { kind: 'record', info, legacyTold: value.told === true };
}

function readAccusation(
  value: JsonObject,
  state: Accusation['state'],
): NewsItem | undefined {
  const incarnation = readIncarnation(value.incarnation);
  if (!isPeerId(value.id) || incarnation === undefined) {
    return undefined;
  }
  return {
    kind: 'accusation',
    accusation: { id: value.id, incarnation, state },
    by: isPeerId(value.by) ? value.by : undefined,
  };
}
