export {
  PeerCloudConsoleModule,
  type PeerCloudConsoleOptions,
} from './console.module.js';
export type {
  CloudView,
  ConsoleEvent,
  MemberView,
  PeerReport,
  Rates,
} from './console.types.js';
export { LoopbackGuard } from './loopback.guard.js';
