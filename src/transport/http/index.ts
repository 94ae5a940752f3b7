export { HttpPeerTransport } from './http-peer.transport.js';
export {
  createPeerHttpService,
  type PeerHttpService,
} from './peer-http.service.js';
