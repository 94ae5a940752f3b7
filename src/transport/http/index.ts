export { HttpPeerTransport } from './http-peer.transport.js';
export {
  createPeerHttpService,
  type PeerHttpService,
  createPeerAxios,
} from './peer-http.service.js';
export { PeerPools } from './peer-pools.js';
