export { StreamAcceptor } from './stream-acceptor.js';
