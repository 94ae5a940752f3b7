export { refusalAnswer, refuseAndDrain } from './answer.js';
export {
  decoratedControllers,
  protocolControllers,
} from './controllers/protocol.controllers.js';
export { isProtocolRequest } from './gate/protocol-gate.js';
export { LinkReceiver } from './link/link.receiver.js';
export { refusals } from './protocol.error.js';
export { protocolProviders } from './protocol.providers.js';
export { SelfCheckService } from './self-check/self-check.service.js';
export { ProtocolSetup } from './setup/protocol-setup.js';
