export { PeerIoAdapter } from './peer-io.adapter.js';
export { createPeerAdapter, type PeerAdapterOptions } from './peer.adapter.js';
export type { CloudServices, ServiceSource } from './socket-cloud.js';
export { SocketIoError, type SocketIoErrorCode } from './socket-io.error.js';
