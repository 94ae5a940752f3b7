import { formatAddress } from '../../wire/address.js';
import { hash32, mix32 } from './hash.js';
const NO_FEATURES = [];
/** Makes a record out of a peer's description. Optional fields that are absent stay absent. */
export function makeRecord(info, state) {
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
export function changeRecord(record, change) {
    const { state = record.state, ...info } = change;
    return makeRecord({ ...record, ...info }, state);
}
/** A peer without extensions: the original implementation, or one whose features are not known yet. */
export function isLegacy(member) {
    return member.features.length === 0;
}
/** The record as `/joined` and the answer to `/join` carry it to a legacy peer. */
export function toLegacyInfo({ id, ip, port, data }) {
    return { id, ip, port, data };
}
/** The record as it goes to peers with features. */
export function toPeerInfo(record) {
    const info = toLegacyInfo(record);
    if (record.features && record.features.length > 0) {
        info.features = record.features;
        info.incarnation = record.incarnation ?? 0;
    }
    else if (record.incarnation) {
        info.incarnation = record.incarnation;
    }
    if (record.scheme !== undefined)
        info.scheme = record.scheme;
    if (record.cloud !== undefined)
        info.cloud = record.cloud;
    if (record.signature !== undefined)
        info.signature = record.signature;
    return info;
}
/** Hash of what the digest of the list compares. */
export function recordDigest(id, incarnation) {
    const high = Math.floor(incarnation / 0x1_0000_0000);
    return mix32(mix32(hash32(id) ^ (incarnation >>> 0)) ^ high);
}
/** Bytes that a record takes as JSON, roughly; reading of `data` stops above the limit. */
export function recordSize(info, limit = Infinity) {
    return 240 + jsonSize(info.data, limit);
}
/** Characters of a JSON value, roughly, and never much more work than the limit. */
export function jsonSize(value, limit) {
    if (typeof value === 'string')
        return value.length + 2;
    if (typeof value !== 'object' || value === null)
        return 8;
    let size = 2;
    for (const key in value) {
        size += key.length + 4 + jsonSize(value[key], limit - size);
        if (size > limit)
            break;
    }
    return size;
}
//# sourceMappingURL=member-record.js.map