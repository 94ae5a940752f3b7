export { HttpPeerTransport } from './http-peer.transport.js';
export { createPeerHttpService, PeerHttpService } from './peer-http.service.js';
export type {
  PeerAnswer,
  PeerTarget,
  PeerTransport,
  RequestOptions,
} from './peer-transport.interface.js';
export {
  secureContextOptions,
  tlsServerOptions,
  type ResolvedTls,
  type TlsMaterials,
} from './tls.options.js';
export { TlsReloader } from './tls-reloader.js';
export { TransportError, type TransportErrorCode } from './transport.error.js';
