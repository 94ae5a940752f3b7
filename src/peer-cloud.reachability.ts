import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LoggerService } from '@nestjs/common';
import type { ResolvedPeerCloudOptions } from './options/peer-cloud.options.js';
import {
  httpsWithoutTls,
  openToAll,
  tlsWithoutHttps,
} from './peer-cloud.messages.js';
import { formatAddress, isLoopback, sameAddress } from './wire/address.js';
import type { PeerAddress } from './wire/bodies.js';

const LOOPBACK_OF: Readonly<Record<string, string>> = {
  '0.0.0.0': '127.0.0.1',
  '::': '127.0.0.1',
};

/** Where this process itself reaches a server: on loopback, if it listens on all interfaces. */
function reachableAt(
  { address, port }: AddressInfo,
  { tls }: ResolvedPeerCloudOptions,
): PeerAddress {
  return {
    ip: LOOPBACK_OF[address] ?? address,
    port,
    ...(tls && { scheme: 'https' as const }),
  };
}

/** Where this peer can ask itself: at its own server, and where others are told to call it, if that differs. */
export function ownPlaces(
  server: AddressInfo,
  options: ResolvedPeerCloudOptions,
): PeerAddress[] {
  const inside = reachableAt(server, options);
  const { ip = inside.ip, port = inside.port } = options;
  const outside = { ...inside, ip, port };
  return sameAddress(inside, outside) ? [inside] : [inside, outside];
}

/** Says that others would call a mounted peer by the wrong scheme. */
export function warnOfScheme(
  server: Server,
  { tls }: ResolvedPeerCloudOptions,
  logger: LoggerService,
): void {
  const isSecure = 'setSecureContext' in server;
  if (isSecure && !tls) {
    logger.warn(httpsWithoutTls);
  } else if (tls && !isSecure) {
    logger.warn(tlsWithoutHttps);
  }
}

/** Says once that a cloud without security can be reached by others. */
export function warnIfOpen(
  { address: ip, port }: AddressInfo,
  { security }: ResolvedPeerCloudOptions,
  logger: LoggerService,
): void {
  if (security.mode.kind === 'open' && !isLoopback(ip)) {
    logger.warn(openToAll(formatAddress({ ip, port })));
  }
}
