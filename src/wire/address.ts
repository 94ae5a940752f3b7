import { isIP, isIPv4 } from 'node:net';
import { PeerCloudError } from '../errors/peer-cloud.error.js';
import { DEFAULT_PORT } from './endpoints.js';
import type { PeerAddress } from './bodies.js';

const MAX_HOST_NAME_LENGTH = 253;
const HOST_LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;
const NUMERIC_LABEL = /^(?:\d+|0x[0-9a-f]*)$/i;
const MAPPED_PREFIX = '::ffff:';

/** Text that is no address; `message` says what is wrong with it, for the caller to put its place in front. */
export class AddressError extends PeerCloudError {
  override readonly name = 'AddressError';

  constructor(message: string) {
    super('INVALID_ADDRESS', message);
  }
}

/**
 * The one spelling of an IP literal: dotted decimal for IPv4 and for IPv4-mapped IPv6, RFC 5952 for
 * the rest of IPv6, brackets taken off (PROTOCOL.md, section 1, addresses). Undefined for everything
 * else: names, `127.1`, `0x7f000001`, leading zeros, and zones (`%eth0`), which mean something on one
 * machine only.
 */
export function normalizeIp(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 64) {
    return undefined;
  }
  const text =
    value.startsWith('[') && value.endsWith(']') ? value.slice(1, -1) : value;
  switch (isIP(text)) {
    case 4:
      return text;
    case 6:
      return text.includes('%') ? undefined : normalizeIpv6(text);
    default:
      return undefined;
  }
}

/** A socket's remote address in its one spelling, without a zone; '' where the socket has none any more. */
export function normalizeRemoteAddress(value: string | undefined): string {
  if (value === undefined) {
    return '';
  }
  const zone = value.indexOf('%');
  return normalizeIp(zone < 0 ? value : value.slice(0, zone)) ?? '';
}

/** A port as a number, given as one or as a string of digits; undefined for everything else. */
export function parsePort(value: unknown, min = 1): number | undefined {
  const port =
    typeof value === 'string' && /^\d{1,5}$/.test(value)
      ? Number(value)
      : value;
  return typeof port === 'number' &&
    Number.isInteger(port) &&
    port >= min &&
    port <= 65_535
    ? port
    : undefined;
}

/**
 * True for a DNS name: labels of letters, digits, `-` and `_`. A last label that is a number is
 * refused, because resolvers read `127.1` and `2130706433` as odd spellings of IPv4.
 */
export function isHostName(value: string): boolean {
  const name = value.endsWith('.') ? value.slice(0, -1) : value;
  if (name.length === 0 || name.length > MAX_HOST_NAME_LENGTH) {
    return false;
  }
  const labels = name.split('.');
  return (
    labels.every((label) => HOST_LABEL.test(label)) &&
    !NUMERIC_LABEL.test(labels.at(-1)!)
  );
}

/** An IP literal in its one spelling, or a host name in lower case; undefined if it is neither. */
export function normalizeHost(value: unknown): string | undefined {
  if (typeof value !== 'string') {
    return undefined;
  }
  return (
    normalizeIp(value) ?? (isHostName(value) ? value.toLowerCase() : undefined)
  );
}

/**
 * Reads `'host'`, `'host:port'`, `'[::1]:9338'`, `'::1'` or `{ ip, port? }`; the port may be a string
 * of digits, and none or 0 means 9338. Throws an AddressError for everything else.
 */
export function parseAddress(value: unknown): PeerAddress {
  if (typeof value === 'string') {
    return parseAddressText(value);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AddressError("write 'host:port' or { ip, port }");
  }
  const { ip, port } = value as { ip?: unknown; port?: unknown };
  return assemble(ip, port ?? undefined);
}

/** True for an IP literal, in its one spelling, that means this machine to everyone who reads it. */
export function isLoopback(ip: string): boolean {
  return ip === '::1' || ip.startsWith('127.');
}

/** `host:port`, with brackets around IPv6. */
export function formatAddress(address: { ip: string; port: number }): string {
  return `${formatHost(address.ip)}:${address.port}`;
}

/** A host as it stands in a URL: with brackets if it is IPv6. */
export function formatHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** True if both name the same IP, however it is spelled, and the same port. */
export function sameAddress(
  a: { ip: string; port: number },
  b: { ip: string; port: number },
): boolean {
  return a.port === b.port && (a.ip === b.ip || sameHost(a.ip, b.ip));
}

function sameHost(a: string, b: string): boolean {
  const host = normalizeHost(a);
  return host !== undefined && host === normalizeHost(b);
}

function parseAddressText(text: string): PeerAddress {
  if (text.includes('/')) {
    throw new AddressError("write 'host:port', without a scheme or a path");
  }
  if (isIP(text) === 6) {
    return assemble(text, undefined);
  }
  const bracketed = /^(\[[^\]]*\])(?::(.*))?$/.exec(text);
  if (bracketed) {
    return assemble(bracketed[1], bracketed[2]);
  }
  const colon = text.indexOf(':');
  if (colon < 0) {
    return assemble(text, undefined);
  }
  return assemble(text.slice(0, colon), text.slice(colon + 1));
}

function assemble(host: unknown, port: unknown): PeerAddress {
  const ip = normalizeHost(host);
  if (ip === undefined) {
    throw new AddressError('host must be an IP address or a host name');
  }
  const number = port === undefined ? 0 : parsePort(port, 0);
  if (number === undefined) {
    throw new AddressError('port must be 0 to 65535');
  }
  return { ip, port: number === 0 ? DEFAULT_PORT : number };
}

function normalizeIpv6(text: string): string {
  if (text.startsWith(MAPPED_PREFIX)) {
    const mapped = text.slice(MAPPED_PREFIX.length);
    if (isIPv4(mapped)) {
      return mapped;
    }
  }
  const canonical = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  return mapped ? dotted(mapped[1]!, mapped[2]!) : canonical;
}

/** The IPv4 address in two groups of IPv6. */
function dotted(high: string, low: string): string {
  const a = parseInt(high, 16);
  const b = parseInt(low, 16);
  return `${a >> 8}.${a & 255}.${b >> 8}.${b & 255}`;
}
