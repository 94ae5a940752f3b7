import {
  formatAddress,
  normalizeIp,
  parsePort,
} from '../../../wire/address.js';
import { isPeerId } from '../../../wire/endpoints.js';
import { isJsonObject, type JsonValue, jsonBytes } from '../../../wire/json.js';
import { isSoundData } from '../../../wire/json-guard.js';
import type { PeerInfo } from '../../../wire/bodies.js';
import { hash32, mix32 } from '../../../util/hash.js';
import type { Clock } from '../environment.js';
import type { Member, MemberState } from '../membership.types.js';
import {
  MAX_CLOUD_LENGTH,
  MAX_FEATURE_LENGTH,
  MAX_FEATURES,
  MAX_LEADS,
  MAX_SIGNATURE_LENGTH,
} from '../options/membership.options.js';

const NO_FEATURES: readonly string[] = [];

/** A member as the core keeps it: what applications see, and what is compared all the time. */
export interface MemberRecord extends Member {
  /** `ip:port`, for comparing. */
  readonly address: string;
  /** Hash of id and incarnation: this record's part in the digest of the list. */
  readonly digest: number;
}

/** Makes a record out of a peer's description. Optional fields that are absent stay absent. */
export function makeRecord(info: PeerInfo, state: MemberState): MemberRecord {
  const incarnation = info.incarnation ?? 0;
  return {
    id: info.id,
    ip: info.ip,
    port: info.port,
    data: info.data,
    features: info.features ?? NO_FEATURES,
    incarnation,
    state,
    address: formatAddress(info),
    digest: recordDigest(info.id, incarnation),
    ...(info.scheme !== undefined && { scheme: info.scheme }),
    ...(info.cloud !== undefined && { cloud: info.cloud }),
    ...(info.signature !== undefined && { signature: info.signature }),
  };
}

/** The same record with other values. */
export function changeRecord(
  record: MemberRecord,
  change: Partial<PeerInfo> & { state?: MemberState },
): MemberRecord {
  const { state = record.state, ...info } = change;
  return makeRecord({ ...record, ...info }, state);
}

/** A peer without extensions: the original implementation, or a peer whose features are not known yet. */
export function isLegacy(member: { features: readonly string[] }): boolean {
  return member.features.length === 0;
}

/** True for a member that advertises the extension (PROTOCOL.md, section 4). */
export function speaks(
  member: { features: readonly string[] },
  extension: 'gossip' | 'probe' | 'sync',
): boolean {
  return member.features.includes(extension);
}

/** The record as `/joined` and the answer to `/join` carry it to a legacy peer. */
export function toLegacyInfo({ id, ip, port, data }: PeerInfo): PeerInfo {
  return { id, ip, port, data };
}

/** The record as it goes to peers with features. */
export function toPeerInfo(record: PeerInfo): PeerInfo {
  const info: PeerInfo = toLegacyInfo(record);
  if (record.features && record.features.length > 0) {
    info.features = record.features;
    info.incarnation = record.incarnation ?? 0;
  } else if (record.incarnation) {
    info.incarnation = record.incarnation;
  }
  if (record.scheme !== undefined) {
    info.scheme = record.scheme;
  }
  if (record.cloud !== undefined) {
    info.cloud = record.cloud;
  }
  if (record.signature !== undefined) {
    info.signature = record.signature;
  }
  return info;
}

/** Hash of what the digest of the list compares. */
export function recordDigest(id: string, incarnation: number): number {
  const high = Math.floor(incarnation / 0x1_0000_0000);
  return mix32(mix32(hash32(id) ^ (incarnation >>> 0)) ^ high);
}

/**
 * Reads a peer's description that came over the network. Undefined for one that cannot be right;
 * properties that are not known are left out (PROTOCOL.md, section 1).
 */
export function readPeerInfo(
  value: unknown,
  maxDataBytes: number,
): PeerInfo | undefined {
  if (!isJsonObject(value) || !isPeerId(value.id)) {
    return undefined;
  }
  const ip = normalizeIp(value.ip);
  const port = parsePort(value.port);
  const data = value.data ?? {};
  if (ip === undefined || port === undefined || !isJsonObject(data)) {
    return undefined;
  }
  if (!isSoundData(data)) {
    return undefined;
  }
  if (jsonBytes(data, maxDataBytes) > maxDataBytes) {
    return undefined;
  }
  const info: PeerInfo = { id: value.id, ip, port, data };
  const features = readFeatures(value.features);
  if (features) {
    info.features = features;
  }
  const incarnation = readIncarnation(value.incarnation);
  if (incarnation !== undefined) {
    info.incarnation = incarnation;
  }
  if (isCloudName(value.cloud)) {
    info.cloud = value.cloud;
  }
  if (value.scheme === 'https') {
    info.scheme = 'https';
  }
  if (isSignature(value.signature) && value.signature !== '') {
    info.signature = value.signature;
  }
  return info;
}

/** A list of feature names; undefined for everything else, and for an empty one. */
export function readFeatures(value: unknown): readonly string[] | undefined {
  return isFeatureList(value) && value.length > 0 ? value : undefined;
}

/** True for names of features, an empty list too. */
export function isFeatureList(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_FEATURES &&
    value.every(
      (name: JsonValue) =>
        typeof name === 'string' && name.length <= MAX_FEATURE_LENGTH,
    )
  );
}

/** An incarnation as the wire may carry it. */
export function readIncarnation(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? value
    : undefined;
}

/** True for the name of a cloud as the wire may carry it. */
export function isCloudName(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= MAX_CLOUD_LENGTH
  );
}

/** True for a record's signature as the wire may carry it; an empty one is none. */
export function isSignature(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_SIGNATURE_LENGTH;
}

/** False for an incarnation too far ahead of this peer's time to be believed (PROTOCOL.md, section 4). */
export function isCredibleIncarnation(
  incarnation: number,
  clock: Pick<Clock, 'now'>,
  by: keyof typeof MAX_LEADS,
): boolean {
  return incarnation <= clock.now() + MAX_LEADS[by];
}

/** For the log: by how much an incarnation lies ahead of this peer's time. */
export function leadOf(incarnation: number, clock: Pick<Clock, 'now'>): string {
  return `${Math.round((incarnation - clock.now()) / 3_600_000)} hours`;
}
