import type { Provider } from '@nestjs/common';
import { EndpointWorks } from './controllers/endpoint-works.js';
import { PeerResponder } from './controllers/peer-responder.js';
import { RequestLimiter } from './gate/request-limiter.js';
import { SelfCheckService } from './self-check/self-check.service.js';
import { ProtocolSetup } from './setup/protocol-setup.js';
import { StreamGate } from './upgrade/stream-gate.js';
import { StreamUpgrade } from './upgrade/stream.upgrade.js';

/**
 * What the controllers and the gate need, for the module that has the controllers. That module also
 * provides MEMBERSHIP_CORE, PEER_CLOUD_OPTIONS, PEER_TRANSPORT, REQUEST_VERIFIER, ADDRESS_POLICY, REQUESTS_IN_WORK, BodyBudget and what the message
 * controllers need, and calls `ProtocolSetup.apply()` in its `configure`.
 */
export const protocolProviders: Provider[] = [
  ProtocolSetup,
  EndpointWorks,
  PeerResponder,
  RequestLimiter,
  SelfCheckService,
  StreamGate,
  StreamUpgrade,
];
