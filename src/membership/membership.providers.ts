import { channel } from 'node:diagnostics_channel';
import { lookup } from 'node:dns/promises';
import { Logger, type Provider } from '@nestjs/common';
import { HandlerFinder } from '../discovery/handler-finder.js';
import type { PeerSeed } from '../options/peer-list.js';
import type { ResolvedPeerCloudOptions } from '../options/peer-cloud.options.js';
import {
  ADDRESS_POLICY,
  MEMBERSHIP_CORE,
  PEER_CLOCK,
  PEER_CLOUD_OPTIONS,
  PEER_LINK,
  PEER_RANDOM,
  PEER_TRANSPORT,
} from '../options/peer-cloud.tokens.js';
import { type AddressPolicy, PeerSecurity } from '../security/index.js';
import { normalizeIp } from '../wire/address.js';
import type { TransportLink } from '../transport/link/index.js';
import type { PeerTransport } from '../transport/peer-transport.interface.js';
import { StepLog } from '../util/step-log.js';
import { deepFreeze } from '../util/deep-freeze.js';
import {
  type Clock,
  type CoreLogger,
  MembershipCore,
  type ResolvedMembershipOptions,
  type Random,
  type SelfDescription,
  systemClock,
  systemRandom,
} from './core/index.js';
import { EventLoopDelay } from './event-loop-delay.js';
import { MembershipJournal } from './membership-journal.js';
import { MembershipEvents } from './membership-events.js';
import { MembershipService } from './membership.service.js';
import { MembershipWaits } from './membership-waits.js';
import { PeerDirectory } from './peer-directory.js';
import { PeerEventDispatcher } from './peer-event.dispatcher.js';
import { PeerEventExplorer } from './peer-event.explorer.js';

/** Each message of it is a RefusedJoin. */
const refusedJoins = channel('peercloud:join.refused');

/** Each message of it is a ProbeNotice. */
const probes = channel('peercloud:probe.settled');

/** Everything of this folder that Nest has to make; the core gets the machine's clock, chance and network. */
export const membershipProviders: Provider[] = [
  { provide: PEER_CLOCK, useValue: systemClock },
  { provide: PEER_RANDOM, useValue: systemRandom },
  {
    provide: MEMBERSHIP_CORE,
    inject: [
      PEER_CLOUD_OPTIONS,
      PEER_TRANSPORT,
      ADDRESS_POLICY,
      EventLoopDelay,
      PeerSecurity,
      PEER_CLOCK,
      PEER_RANDOM,
      PEER_LINK,
    ],
    useFactory: (
      options: ResolvedPeerCloudOptions,
      transport: PeerTransport,
      policy: AddressPolicy,
      delay: EventLoopDelay,
      security: PeerSecurity,
      clock: Clock,
      random: Random,
      link: TransportLink | undefined,
    ) => {
      const { records, authorize, signed } = security;
      const core = new MembershipCore(
        describeSelf(options, link),
        withSeedsOf(options, link),
        {
          clock,
          random,
          transport,
          logger: coreLogger(),
          resolve: resolveHost,
          // What it says to others is not for others to read: with TLS, nobody is called without.
          addressRefusal: (address, origin) =>
            options.tls && address.scheme !== 'https'
              ? 'is called without TLS (option tls)'
              : policy.refusal(address, origin),
          eventLoopDelay: () => delay.read(),
          ...(authorize && {
            authorize: (peer, { remoteAddress }) =>
              authorize(deepFreeze({ ...peer }), { remoteAddress, signed }),
          }),
          onJoinRefused: (refused) => {
            if (refusedJoins.hasSubscribers) {
              refusedJoins.publish(refused);
            }
          },
          onProbed: (probe) => {
            if (probes.hasSubscribers) {
              probes.publish(probe);
            }
          },
          ...(records && {
            signRecord: (record) => records.sign(record),
            verifyRecord: (record) => records.verify(record, record.signature),
          }),
        },
      );
      security.onTrustChange((trusts) => core.expel(trusts));
      return core;
    },
  },
  EventLoopDelay,
  PeerDirectory,
  MembershipEvents,
  MembershipWaits,
  MembershipService,
  MembershipJournal,
  PeerEventDispatcher,
  HandlerFinder,
  PeerEventExplorer,
];

/** What the core calls debugging are single steps. */
function coreLogger(): CoreLogger {
  const logger = new Logger('PeerCloud');
  const steps = new StepLog();
  return {
    log: (text) => logger.log(text),
    warn: (text) => logger.warn(text),
    debug: (text) => steps.write(text),
  };
}

function describeSelf(
  options: ResolvedPeerCloudOptions,
  link: TransportLink | undefined,
): SelfDescription {
  const { id, hasFixedId, data, cloud, tls } = options;
  const ip = link?.address.ip ?? options.ip;
  return {
    id,
    hasFixedId,
    data,
    ...(ip !== undefined && { ip }),
    ...(cloud !== undefined && { cloud }),
    ...(tls && { scheme: 'https' }),
  };
}

/** Where the transport finds peers by itself, it is a source of seeds beside those of the options. */
function withSeedsOf(
  { membership, transport }: ResolvedPeerCloudOptions,
  link: TransportLink | undefined,
): ResolvedMembershipOptions {
  if (!transport || !link?.findPeers) {
    return membership;
  }
  const source: PeerSeed = {
    name: transport.name,
    // That nobody else is there is no failure.
    seeds: async () => [link.address, ...(await link.findPeers!())],
  };
  return { ...membership, seeds: [...membership.seeds, source] };
}

/**
 * All IP literals behind a host name, as the system resolves it now (`/etc/hosts` included, so that
 * `localhost` works); an IP literal is itself.
 */
async function resolveHost(host: string): Promise<string[]> {
  const literal = normalizeIp(host);
  if (literal !== undefined) {
    return [literal];
  }
  const found = await lookup(host, { all: true });
  const literals = found.map(({ address }) => normalizeIp(address));
  return [...new Set(literals.filter((ip) => ip !== undefined))];
}
