import { formatAddress } from '../../../wire/address.js';
import type { PeerInfo } from '../../../wire/peer-info.js';
import { hash32, mix32 } from '../hash.js';
import type { Member, MemberState } from '../membership.types.js';

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

/** A peer without extensions: the original implementation, or one whose features are not known yet. */
export function isLegacy(member: { features: readonly string[] }): boolean {
  return member.features.length === 0;
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
