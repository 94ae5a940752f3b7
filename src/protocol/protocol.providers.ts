import type { Provider } from '@nestjs/common';
import { PeerResponder } from './peer-responder.js';
import { ProtocolSetup } from './protocol-setup.js';
import { RequestLimiter } from './request-limiter.js';
import { SelfCheckService } from './self-check/self-check.service.js';
import { SenderCheck } from './sender-check.js';
import { PEER_CLOUD_OPTIONS } from '../options/peer-cloud.tokens.js';
import {
  resolveLimitOptions,
  type ResolvedLimitOptions,
} from '../security/limits.options.js';
import { PROTOCOL_LIMITS } from './protocol.tokens.js';

/**
 * What the controllers and the gate need, for the module that has the controllers. That module also
 * provides MEMBERSHIP_CORE, PEER_CLOUD_OPTIONS, PEER_TRANSPORT, REQUEST_VERIFIER and what the message
 * controllers need, and calls `ProtocolSetup.apply()` in its `configure`.
 */
export const protocolProviders: Provider[] = [
  {
    provide: PROTOCOL_LIMITS,
    inject: [PEER_CLOUD_OPTIONS],
    useFactory: ({ limits }: { limits?: ResolvedLimitOptions }) =>
      limits ?? resolveLimitOptions(undefined, 'limits'),
  },
  ProtocolSetup,
  PeerResponder,
  RequestLimiter,
  SenderCheck,
  SelfCheckService,
];
