/** Getting in: this peer's own joins and those of others, and the ways back in after an eviction or a partition. */
export { Healer } from './healer.js';
export { JoinReceiver } from './join-receiver.js';
export { Joiner } from './joiner.js';
export { Recovery } from './recovery.js';
