import { BlockList, isIPv4 } from 'node:net';
import { normalizeIp } from '../../wire/address.js';

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

/** Reads IPv4 addresses out of the 16 bytes of an IPv6 one. */
type Reading = (bytes: readonly number[]) => number[][];

const last: Reading = (bytes) => [bytes.slice(12)];

/** Ranges whose addresses a router may turn into IPv4 ones, and how. */
const READINGS: Readonly<Record<string, Reading>> = {
  // IPv4-compatible (RFC 4291, section 2.5.5.1).
  '::/96': last,
  // IPv4-translated (RFC 2765, section 2.1).
  '::ffff:0:0:0/96': last,
  // NAT64 (RFC 6052).
  '64:ff9b::/96': last,
  // NAT64 of one's own network, with a prefix of any length (RFC 8215; RFC 6052, section 2.2).
  '64:ff9b:1::/48': (bytes) => [
    [6, 7, 9, 10].map((at) => bytes[at]!),
    [7, 9, 10, 11].map((at) => bytes[at]!),
    bytes.slice(9, 13),
    bytes.slice(12),
  ],
  // Teredo: its server, and the client with its bits turned round (RFC 4380, section 4).
  '2001::/32': (bytes) => [
    bytes.slice(4, 8),
    bytes.slice(12).map((byte) => byte ^ 255),
  ],
  // 6to4 (RFC 3056, section 2).
  '2002::/16': (bytes) => [bytes.slice(2, 6)],
};

const RANGES = Object.entries(READINGS).map(
  ([range, read]) => [new AddressRanges([range]), read] as const,
);

/**
 * The IPv4 addresses that a normalised IPv6 one may lead to. Undefined: it is not of a range that is
 * made for that. A reading too many does no harm here.
 */
export function embeddedIpv4(ip: string): string[] | undefined {
  if (isIPv4(ip)) {
    return undefined;
  }
  const [, read] = RANGES.find(([range]) => range.has(ip)) ?? [];
  return read?.(bytesOf(ip)).map((bytes) => bytes.join('.'));
}

/** The bytes of an IPv6 address in its canonical spelling, which has no dotted part. */
function bytesOf(ip: string): number[] {
  const [head = [], tail = []] = ip
    .split('::')
    .map((half) => (half === '' ? [] : half.split(':')));
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...tail].flatMap((group) => {
    const value = parseInt(group, 16);
    return [value >> 8, value & 255];
  });
}
