import { logText } from '../../../util/limited-log.js';
import { normalizeIp } from '../../../wire/address.js';
import { isPeerId } from '../../../wire/endpoints.js';
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  jsonBytes,
} from '../../../wire/json.js';
import type { PeerInfo } from '../../../wire/bodies.js';
import {
  isLegacy,
  readPeerInfo,
  toLegacyInfo,
  toPeerInfo,
  type MemberList,
  type MemberRecord,
} from '../member-list/index.js';

/** Bytes that an entry of the answer to a join hardly exceeds without its data: with a signature, and long names. */
const MAX_BARE_BYTES = 1024;

/** What a joiner reads out of the answer to its `/join`. */
export interface ReadJoinAnswer {
  readonly id: string;
  readonly ip: string | undefined;
  /** The receiver, with whatever address it named. */
  readonly self: PeerInfo;
  /** False where the receiver did not say its address. */
  readonly selfHasAddress: boolean;
  /** Entries, unread. */
  readonly peers: readonly JsonValue[];
}

/** Body of one's own `/join`. */
export function joinBody(record: MemberRecord, givenIp: boolean): JsonObject {
  const { ip, ...rest } = toPeerInfo(record) as unknown as JsonObject;
  return { ...rest, ip: givenIp ? ip! : null };
}

/**
 * The members that the answer to a join names: as many as it has room for, confirmed ones first. A joiner
 * with features gets the others by `/sync`.
 * @param maxBytes of all entries together
 */
export function answeredPeers(
  list: MemberList,
  joiner: MemberRecord,
  maxBytes: number,
): PeerInfo[] {
  const describe = isLegacy(joiner) ? toLegacyInfo : toPeerInfo;
  const { bytes, unconfirmed } = list.room;
  const others = list.members().filter(({ id }) => id !== joiner.id);
  const likely = bytes + others.length * MAX_BARE_BYTES;
  if (likely <= maxBytes) {
    return others.map(describe);
  }
  const confirmed = others.filter(({ id }) => !unconfirmed.has(id));
  const named = others.filter(({ id }) => unconfirmed.has(id));
  let room = maxBytes;
  return [...confirmed, ...named].map(describe).filter((info) => {
    const size = jsonBytes(info as unknown as JsonValue) + 1;
    if (size > room) {
      return false;
    }
    room -= size;
    return true;
  });
}

/** What the answer to a join says about the receiver. */
export function answeredSelf(record: MemberRecord, joiner: MemberRecord) {
  const { ip, port, ...rest } = isLegacy(joiner)
    ? toLegacyInfo(record)
    : toPeerInfo(record);
  return isLegacy(joiner) || ip === '' ? rest : { ip, port, ...rest };
}

/**
 * Reads the answer to a join: the code of the refusal, or undefined for an answer that makes no sense.
 * @param called where the request went: the receiver's address if it names none
 */
export function readJoinAnswer(
  body: JsonObject | undefined,
  called: { ip: string; port: number },
  maxDataBytes: number,
): ReadJoinAnswer | { refusal: string } | undefined {
  if (!body) {
    return undefined;
  }
  if (body.status !== 'joined') {
    return { refusal: readRefusal(body) };
  }
  if (!isJsonObject(body.self)) {
    return undefined;
  }
  const { ip, port } = body.self;
  const selfHasAddress = normalizeIp(ip) !== undefined && port !== undefined;
  const place = selfHasAddress ? { ip: ip!, port: port! } : called;
  const self = readPeerInfo(
    { ...body.self, ip: place.ip, port: place.port! },
    maxDataBytes,
  );
  if (!self || !isPeerId(body.id)) {
    return undefined;
  }
  const peers = Array.isArray(body.peers) ? body.peers : [];
  return { id: body.id, ip: normalizeIp(body.ip), self, selfHasAddress, peers };
}

function readRefusal(body: JsonObject): string {
  const code = isJsonObject(body.error) ? body.error.code : undefined;
  return typeof code === 'string' ? logText(code) : 'no reason given';
}
