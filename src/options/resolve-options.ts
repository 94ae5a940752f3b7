import { resolveHealthCheckOptions } from '../health/health-check.options.js';
import { resolveListenerOptions } from '../listener/listener.options.js';
import { ENTRY_BYTES } from '../membership/core/options/membership.limits.js';
import { resolveMembershipOptions } from '../membership/core/options/membership.options.js';
import { resolveMessagingOptions } from '../messaging/messaging.options.js';
import { resolveAddressOptions } from '../security/address.options.js';
import {
  resolveLimitOptions,
  type ResolvedLimitOptions,
} from '../security/limits.options.js';
import { keyThumbprint } from '../security/keys/key-input.js';
import {
  resolveSecurityOptions,
  type ResolvedSecurity,
} from '../security/security.options.js';
import { resolveTlsOptions } from '../transport/tls.options.js';
import { normalizeIp } from '../wire/address.js';
import { isPeerId } from '../wire/endpoints.js';
import {
  OptionsError,
  readNumber,
  readObject,
  readString,
} from './option-checks.js';
import type {
  PeerCloudOptions,
  ResolvedPeerCloudOptions,
} from './peer-cloud.options.js';
import { readData } from './peer-data.js';
import { readPeers } from './peer-list.js';

const NAMES = [
  'peers',
  'data',
  'cloud',
  'id',
  'ip',
  'port',
  'listener',
  'requestTimeout',
  'messageTimeout',
  'maxMessageBytes',
  'maxPeers',
  'healthCheck',
  'membership',
  'messaging',
  'security',
  'tls',
  'limits',
  'addresses',
] as const satisfies readonly (keyof PeerCloudOptions)[];

/** Longest wait that a Node timer can do, in ms. */
const MAX_TIMER = 2 ** 31 - 1;

/** Longest name of a cloud, in characters. */
const MAX_CLOUD_NAME = 128;

/**
 * Checks the options and fills in the defaults, once, at the door.
 *
 * @throws OptionsError that names the option, what it got and what to write
 */
export function resolvePeerCloudOptions(
  input: unknown,
): ResolvedPeerCloudOptions {
  const given = readObject(input, '', NAMES);
  const security = resolveSecurityOptions(given.security, 'security');
  const limits = resolveLimitOptions(given.limits, 'limits');
  const tls = resolveTlsOptions(given.tls, 'tls');
  const peers = Object.freeze(readPeers(given.peers, 'peers', tls && 'https'));
  const requestTimeout = readTimeout(
    given.requestTimeout,
    'requestTimeout',
    1000,
  );
  const maxPeers = readNumber(given.maxPeers, 'maxPeers', {
    min: 1,
    max: 1_000_000,
    integer: true,
    default: 10_000,
  });
  checkListFits(maxPeers, limits.maxAnswerBytes);
  const healthCheck = resolveHealthCheckOptions(
    given.healthCheck,
    'healthCheck',
  );
  const membership = resolveMembershipOptions(
    given.membership,
    'membership',
    requestTimeout,
  );
  return Object.freeze({
    peers,
    data: readData(given.data, 'data', limits.maxDataBytes),
    cloud: readCloud(given.cloud),
    id: readId(given.id, security, limits),
    hasFixedId: given.id !== undefined || security.mode.kind === 'keys',
    ip: readIp(given.ip),
    port: readNumber(given.port, 'port', {
      min: 1,
      max: 65_535,
      integer: true,
    }),
    listener: resolveListenerOptions(given.listener, 'listener'),
    requestTimeout,
    messageTimeout: readTimeout(given.messageTimeout, 'messageTimeout', 5000),
    maxMessageBytes: readNumber(given.maxMessageBytes, 'maxMessageBytes', {
      min: 1024,
      max: 2 ** 30,
      integer: true,
      default: 1024 * 1024,
    }),
    maxPeers,
    healthCheck,
    membership: Object.freeze({
      ...membership,
      seeds: peers,
      maxPeers,
      maxDataBytes: limits.maxDataBytes,
      limits,
      ...(healthCheck && { probeInterval: healthCheck.interval }),
    }),
    messaging: resolveMessagingOptions(given.messaging, 'messaging'),
    security,
    tls,
    limits,
    addresses: resolveAddressOptions(given.addresses, 'addresses'),
  });
}

/** A list that is longer than the answer to `/join` may be could never be handed over. */
function checkListFits(maxPeers: number, maxAnswerBytes: number): void {
  const needed = maxPeers * ENTRY_BYTES;
  if (maxAnswerBytes >= needed) {
    return;
  }
  throw new OptionsError(
    'limits.maxAnswerBytes',
    maxAnswerBytes,
    `must be ${needed} at least beside maxPeers ${maxPeers}, for the answer to /join has ${ENTRY_BYTES} bytes and more for each member; or write ${Math.floor(maxAnswerBytes / ENTRY_BYTES)} for maxPeers`,
  );
}

function readTimeout(value: unknown, path: string, fallback: number): number {
  return readNumber(value, path, { min: 1, max: MAX_TIMER, default: fallback });
}

function readCloud(value: unknown): string | undefined {
  const cloud = readString(value, 'cloud');
  if (cloud !== undefined && cloud.length > MAX_CLOUD_NAME) {
    throw new OptionsError(
      'cloud',
      cloud,
      `must be a name of ${MAX_CLOUD_NAME} characters at most`,
    );
  }
  return cloud;
}

function readId(
  value: unknown,
  { mode }: ResolvedSecurity,
  { maxIdLength }: ResolvedLimitOptions,
): string {
  if (mode.kind === 'keys') {
    if (value !== undefined) {
      throw new OptionsError(
        'id',
        value,
        'leave it out beside security.privateKey: the id is the thumbprint of that key',
      );
    }
    return keyThumbprint(mode.privateKey);
  }
  if (value === undefined) {
    return crypto.randomUUID();
  }
  if (!isPeerId(value) || value.length > maxIdLength) {
    throw new OptionsError(
      'id',
      value,
      `must be 1 to ${maxIdLength} printable ASCII characters without space`,
    );
  }
  return value;
}

function readIp(value: unknown): string | undefined {
  if (value === undefined) {
    return undefined;
  }
  const ip = normalizeIp(value);
  if (ip === undefined) {
    throw new OptionsError(
      'ip',
      value,
      "must be an IP address, like '10.0.0.7' or 'fd00::7'; leave it out to have it inferred",
    );
  }
  return ip;
}
