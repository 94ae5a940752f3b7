import type { Provider } from '@nestjs/common';
import {
  MessageExplorer,
  MessageHandlerFactory,
  MessageRouter,
} from './handlers/index.js';
import { PeerDirectory, type PeerMessenger } from '../membership/index.js';
import type { ResolvedPeerCloudOptions } from '../options/peer-cloud.options.js';
import { PEER_CLOUD_OPTIONS, PEER_LINK } from '../options/peer-cloud.tokens.js';
import { PeerSecurity } from '../security/index.js';
import type { TransportLink } from '../transport/link/index.js';
import { TlsReloader } from '../transport/tls-reloader.js';
import { BroadcastLane, HttpLane, SelfLane } from './lanes/index.js';
import { MessageTraces } from './message-traces.js';
import { MessagingService } from './messaging.service.js';
import {
  createLinkDialer,
  createStreamDialer,
  STREAM_DIALER,
  StreamAcceptor,
  StreamLane,
} from './stream/index.js';

/** What a peer's own `send()` calls (PeerMessenger). */
const PEER_MESSENGER = Symbol('PEER_MESSENGER');

/**
 * Everything of this folder that Nest has to make. It needs PeerDirectory, PeerSecurity, the tokens
 * of peer-cloud.tokens.ts and DiscoveryModule beside it.
 */
export const messagingProviders: Provider[] = [
  MessagingService,
  {
    // By the public token: where a test puts another one there, peers send by that as well.
    provide: PEER_MESSENGER,
    inject: [PeerDirectory, MessagingService],
    useFactory: (directory: PeerDirectory, messenger: PeerMessenger) => {
      directory.bindMessenger(messenger);
      return messenger;
    },
  },
  BroadcastLane,
  MessageTraces,
  HttpLane,
  SelfLane,
  MessageRouter,
  MessageHandlerFactory,
  MessageExplorer,
  StreamAcceptor,
  StreamLane,
  {
    provide: STREAM_DIALER,
    inject: [PeerSecurity, PEER_CLOUD_OPTIONS, TlsReloader, PEER_LINK],
    useFactory: (
      { streams }: PeerSecurity,
      { tls, limits }: ResolvedPeerCloudOptions,
      reloader: TlsReloader | undefined,
      link: TransportLink | undefined,
    ) =>
      link
        ? createLinkDialer(link, streams)
        : createStreamDialer({
            security: streams,
            maxHeaderBytes: limits.maxHeaderBytes,
            tls: () =>
              reloader && {
                materials: reloader.materials,
                servername: tls?.servername,
              },
          }),
  },
];
