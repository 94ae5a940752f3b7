export { checkTransport, LinkPeerTransport } from './link-peer.transport.js';
export type {
  BroadcastListener,
  CloudTransport,
  TransportAnswer,
  TransportCallOptions,
  TransportConnection,
  TransportContext,
  TransportHeaders,
  TransportLink,
  TransportReceiver,
  TransportRequest,
  TransportSocket,
} from './transport-link.interface.js';
