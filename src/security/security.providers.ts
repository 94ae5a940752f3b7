import { Logger, type Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { ResolvedPeerCloudOptions } from '../options/peer-cloud.options.js';
import {
  ADDRESS_POLICY,
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
  REQUEST_VERIFIER,
  REQUESTS_IN_WORK,
} from '../options/peer-cloud.tokens.js';
import { AddressPolicy } from './addresses/address-policy.js';
import { BodyBudget } from './body-budget.js';
import { PeerSecurity } from './peer-security.js';
import { Semaphore } from '../util/semaphore.js';

/** Everything of this folder that Nest has to make. */
export const securityProviders: Provider[] = [
  {
    provide: ADDRESS_POLICY,
    inject: [PEER_CLOUD_OPTIONS],
    useFactory: ({ addresses, security }: ResolvedPeerCloudOptions) =>
      new AddressPolicy(addresses, security.mode.kind !== 'open'),
  },
  {
    provide: PeerSecurity,
    inject: [PEER_CLOUD_OPTIONS, ADDRESS_POLICY, ModuleRef],
    useFactory: (
      { security, maxPeers, hasFixedId }: ResolvedPeerCloudOptions,
      addresses: AddressPolicy,
      moduleRef: ModuleRef,
    ) => {
      // The core works with what this makes, so this cannot have the core: it looks for it late.
      let core: { readonly id: string } | undefined;
      return new PeerSecurity({
        security,
        addresses,
        selfId: () =>
          (core ??= moduleRef.get<{ id: string }>(MEMBERSHIP_CORE)).id,
        fixedId: hasFixedId,
        maxPeers,
        logger: new Logger('PeerCloud'),
      });
    },
  },
  {
    provide: REQUEST_VERIFIER,
    inject: [PeerSecurity],
    useFactory: ({ verifier }: PeerSecurity) => verifier,
  },
  {
    provide: REQUESTS_IN_WORK,
    inject: [PEER_CLOUD_OPTIONS],
    useFactory: ({ limits }: ResolvedPeerCloudOptions) =>
      new Semaphore(limits.maxRequests),
  },
  {
    provide: BodyBudget,
    inject: [PEER_CLOUD_OPTIONS],
    useFactory: ({ limits }: ResolvedPeerCloudOptions) =>
      new BodyBudget(limits.maxIncomingBytes),
  },
];
