export {
  IdleConnections,
  ListenFailedError,
  OwnListener,
} from './own-listener.js';
export type {
  ListenerOptions,
  ResolvedListenerOptions,
} from './listener.options.js';
