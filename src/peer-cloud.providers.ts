import { Logger, type Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { HealthCheckSchedule } from './health/health-check.schedule.js';
import { HealthCheckService } from './health/health-check.service.js';
import { KeyMessenger, KeyOwners, KeysService } from './keys/index.js';
import { OwnListener } from './listener/index.js';
import {
  type MembershipCore,
  membershipProviders,
} from './membership/index.js';
import { messagingProviders } from './messaging/index.js';
import { ObserveService, SecretRotation } from './observe/index.js';
import type { ResolvedPeerCloudOptions } from './options/peer-cloud.options.js';
import {
  MEMBERSHIP_CORE,
  PEER_CLOUD_OPTIONS,
  PEER_HTTP_SERVICE,
  PEER_LINK,
  PEER_TRANSPORT,
} from './options/peer-cloud.tokens.js';
import { PeerCloudLifecycle } from './peer-cloud.lifecycle.js';
import { LinkReceiver, protocolProviders } from './protocol/index.js';
import { PeerSecurity, securityProviders } from './security/index.js';
import {
  HttpPeerTransport,
  type PeerHttpService,
  createPeerHttpService,
} from './transport/http/index.js';
import {
  LinkPeerTransport,
  type TransportLink,
} from './transport/link/index.js';
import { TlsReloader } from './transport/tls-reloader.js';
import { StepLog } from './util/step-log.js';

const transportProviders: Provider[] = [
  {
    provide: TlsReloader,
    inject: [PEER_CLOUD_OPTIONS],
    useFactory: ({ tls }: ResolvedPeerCloudOptions) =>
      tls && new TlsReloader(tls, new Logger('PeerCloud')),
  },
  {
    provide: PEER_HTTP_SERVICE,
    inject: [PEER_CLOUD_OPTIONS, PeerSecurity, TlsReloader],
    useFactory: (
      { requestTimeout, limits, tls }: ResolvedPeerCloudOptions,
      { exchange }: PeerSecurity,
      reloader: TlsReloader | undefined,
    ) => {
      const http = createPeerHttpService({
        timeout: requestTimeout,
        ...limits,
        ...(tls && { tls }),
        ...(exchange && { security: exchange }),
      });
      reloader?.onChange((materials) => http.replaceTls(materials));
      return http;
    },
  },
  {
    provide: PEER_LINK,
    inject: [PEER_CLOUD_OPTIONS, ModuleRef],
    useFactory: (
      { transport, cloud = '' }: ResolvedPeerCloudOptions,
      moduleRef: ModuleRef,
    ) =>
      transport?.create({
        cloud,
        size: () =>
          moduleRef.get<MembershipCore>(MEMBERSHIP_CORE).members().length,
      }),
  },
  {
    provide: PEER_TRANSPORT,
    inject: [
      PEER_HTTP_SERVICE,
      PEER_CLOUD_OPTIONS,
      ModuleRef,
      PeerSecurity,
      PEER_LINK,
    ],
    useFactory: (
      http: PeerHttpService,
      { limits }: ResolvedPeerCloudOptions,
      moduleRef: ModuleRef,
      { exchange }: PeerSecurity,
      link: TransportLink | undefined,
    ) => {
      // The core has the transport, so the transport cannot have the core: it looks for it late.
      let core: MembershipCore | undefined;
      const config = {
        selfId: () =>
          (core ??= moduleRef.get<MembershipCore>(MEMBERSHIP_CORE)).id,
        maxAnswerBytes: limits.maxAnswerBytes,
      };
      return link
        ? new LinkPeerTransport(link, { ...config, security: exchange })
        : new HttpPeerTransport(http, { ...config, steps: new StepLog() });
    },
  },
];

/** All that a peer is made of, except its options and its routes. */
export const peerCloudProviders: Provider[] = [
  ...transportProviders,
  ...securityProviders,
  ...membershipProviders,
  ...messagingProviders,
  KeyOwners,
  KeyMessenger,
  KeysService,
  SecretRotation,
  ObserveService,
  ...protocolProviders,
  HealthCheckSchedule,
  HealthCheckService,
  OwnListener,
  LinkReceiver,
  PeerCloudLifecycle,
];
