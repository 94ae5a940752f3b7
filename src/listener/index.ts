export { IdleConnections } from './idle-connections.js';
export { ListenFailedError, OwnListener } from './own-listener.js';
export type {
  ListenerOptions,
  ResolvedListenerOptions,
} from './listener.options.js';
