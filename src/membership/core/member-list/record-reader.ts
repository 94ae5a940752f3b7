import { normalizeIp, parsePort } from '../../../wire/address.js';
import { isSoundData } from '../../../wire/json-guard.js';
import { isPeerId } from '../../../wire/endpoints.js';
import { isJsonObject, type JsonValue } from '../../../wire/json.js';
import { jsonBytes } from '../../../wire/json-bytes.js';
import type { PeerInfo } from '../../../wire/peer-info.js';
import {
  MAX_CLOUD_LENGTH,
  MAX_FEATURE_LENGTH,
  MAX_FEATURES,
  MAX_SIGNATURE_LENGTH,
} from '../options/membership.limits.js';

/**
 * Reads a peer's description that came over the network. Undefined for one that cannot be right;
 * properties that are not known are left behind (PROTOCOL.md, section 1).
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
