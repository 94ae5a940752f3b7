export { HttpPeerTransport } from './http-peer.transport.js';
export {
  createPeerHttpService,
  type PeerHttpService,
} from './peer-http.service.js';
export { createPeerAxios } from './peer-axios.js';
export { PeerPools } from './peer-pools.js';
