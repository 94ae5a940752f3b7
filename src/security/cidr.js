import { BlockList, isIPv4 } from 'node:net';
import { normalizeIp } from '../wire/address.js';
/** Reads `'10.0.0.0/8'`, `'fd00::/8'` or a single address; undefined for everything else. */
export function parseCidr(value) {
  if (typeof value !== 'string') return undefined;
  const [host, length, rest] = value.split('/');
  const ip = normalizeIp(host);
  if (ip === undefined || rest !== undefined) return undefined;
  const bits = isIPv4(ip) ? 32 : 128;
  if (length === undefined) return { ip, prefix: bits };
  const prefix = /^\d{1,3}$/.test(length) ? Number(length) : NaN;
  const mapped = host.includes(':') && bits === 32 ? prefix - 96 : prefix;
  return mapped >= 0 && mapped <= bits ? { ip, prefix: mapped } : undefined;
}
/** A set of ranges that normalised IP literals are looked up in. */
export class AddressRanges {
  list = new BlockList();
  constructor(ranges) {
    for (const range of ranges) {
      const cidr = typeof range === 'string' ? parseCidr(range) : range;
      this.list.addSubnet(cidr.ip, cidr.prefix, familyOf(cidr.ip));
    }
  }
  has(ip) {
    return this.list.check(ip, familyOf(ip));
  }
}
function familyOf(ip) {
  return isIPv4(ip) ? 'ipv4' : 'ipv6';
}
//# sourceMappingURL=cidr.js.map
