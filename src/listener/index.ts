export { IdleConnections } from './idle-connections.js';
export { ListenFailedError } from './listen-failed.error.js';
export type {
  ListenerOptions,
  ResolvedListenerOptions,
} from './listener.options.js';
export { OwnListener } from './own-listener.js';
