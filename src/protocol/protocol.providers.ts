import type { Provider } from '@nestjs/common';
import { PeerResponder } from './peer-responder.js';
import { ProtocolSetup } from './protocol-setup.js';
import { RequestLimiter } from './request-limiter.js';
import { SelfCheckService } from './self-check/self-check.service.js';
import { SenderCheck } from './sender-check.js';

/**
 * What the controllers and the gate need, for the module that has the controllers. That module also
 * provides MEMBERSHIP_CORE, PEER_CLOUD_OPTIONS, PEER_TRANSPORT, REQUEST_VERIFIER, REQUESTS_IN_WORK, BodyBudget and what the message
 * controllers need, and calls `ProtocolSetup.apply()` in its `configure`.
 */
export const protocolProviders: Provider[] = [
  ProtocolSetup,
  PeerResponder,
  RequestLimiter,
  SenderCheck,
  SelfCheckService,
];
