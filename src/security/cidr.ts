import { BlockList, isIPv4 } from 'node:net';
import { normalizeIp } from '../wire/address.js';

/** A range of addresses. */
export interface Cidr {
  readonly ip: string;
  readonly prefix: number;
}

/** Reads `'10.0.0.0/8'`, `'fd00::/8'` or a single address; undefined for everything else. */
export function parseCidr(value: unknown): Cidr | undefined {
  if (typeof value !== 'string') {
    return undefined;
  }
  const [host, length, rest] = value.split('/');
  const ip = normalizeIp(host);
  if (ip === undefined || rest !== undefined) {
    return undefined;
  }
  const bits = isIPv4(ip) ? 32 : 128;
  if (length === undefined) {
    return { ip, prefix: bits };
  }
  const prefix = /^\d{1,3}$/.test(length) ? Number(length) : NaN;
  const mapped = host!.includes(':') && bits === 32 ? prefix - 96 : prefix;
  return mapped >= 0 && mapped <= bits ? { ip, prefix: mapped } : undefined;
}

/** A set of ranges that normalised IP literals are looked up in; made at the first look, not at an app's start. */
export class AddressRanges {
  #list: BlockList | undefined;

  readonly #ranges: readonly (string | Cidr)[];

  constructor(ranges: readonly (string | Cidr)[]) {
    this.#ranges = ranges;
  }

  has(ip: string): boolean {
    this.#list ??= listOf(this.#ranges);
    return this.#list.check(ip, familyOf(ip));
  }
}

function listOf(ranges: readonly (string | Cidr)[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const cidr = typeof range === 'string' ? parseCidr(range)! : range;
    list.addSubnet(cidr.ip, cidr.prefix, familyOf(cidr.ip));
  }
  return list;
}

function familyOf(ip: string): 'ipv4' | 'ipv6' {
  return isIPv4(ip) ? 'ipv4' : 'ipv6';
}
