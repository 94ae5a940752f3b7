export { PeerPubSub } from './peer-pub-sub.js';
