import { resolveHealthCheckOptions } from '../health/health-check.options.js';
import { resolveListenerOptions } from '../listener/listener.options.js';
import { resolveKeysOptions } from '../keys/keys.options.js';
import {
  ENTRY_BYTES,
  resolveMembershipOptions,
} from '../membership/core/options/membership.options.js';
import { resolveMessagingOptions } from '../messaging/messaging.options.js';
import { resolveObserveOptions } from '../observe/observe.options.js';
import { resolveAddressOptions } from '../security/addresses/address.options.js';
import {
  type ResolvedLimitOptions,
  resolveLimitOptions,
} from './limits.options.js';
import { keyThumbprint } from '../security/keys/key-input.js';
import {
  resolveSecurityOptions,
  type ResolvedSecurity,
} from '../security/security.options.js';
import { checkTransport } from '../transport/link/index.js';
import { resolveTlsOptions } from '../transport/tls.options.js';
import { normalizeIp } from '../wire/address.js';
import { isPeerId } from '../wire/endpoints.js';
import { OptionsError } from './option-checks.js';
import { readSection } from './read-section.js';
import { PEER_CLOUD } from './option-tables.js';
import type { ResolvedPeerCloudOptions } from './peer-cloud.options.js';
import { readData } from './peer-data.js';
import { readSeeds } from './peer-list.js';

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
  const given = readSection(input, '', PEER_CLOUD);
  const transport = checkTransport(given);
  const security = resolveSecurityOptions(given.security, 'security');
  const limits = resolveLimitOptions(given.limits, 'limits');
  const tls = resolveTlsOptions(given.tls, 'tls');
  const peers = Object.freeze(readSeeds(given.peers, 'peers', tls && 'https'));
  const { requestTimeout, maxPeers } = given;
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
    ...given,
    shutdownTimeout: given.shutdownTimeout ?? given.messageTimeout,
    peers,
    data: readData(given.data, 'data', limits.maxDataBytes),
    cloud: checkCloud(given.cloud),
    id: readId(given.id, security, limits),
    hasFixedId: given.id !== undefined || security.mode.kind === 'keys',
    ip: readIp(given.ip),
    listener: resolveListenerOptions(given.listener, 'listener'),
    transport,
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
    keys: resolveKeysOptions(given.keys, 'keys'),
    security,
    observe: resolveObserveOptions(given.observe, 'observe'),
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

function checkCloud(cloud: string | undefined): string | undefined {
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
