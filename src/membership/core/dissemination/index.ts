/** How updates travel: what comes in is judged, what is new is spread by gossip or direct notifications. */
export {
  GossipExtension,
  recordUpdate,
  stateUpdate,
} from './gossip-extension.js';
export { GossipQueue } from './gossip-queue.js';
export { Gossiper } from './gossiper.js';
export { Newcomers } from './newcomers.js';
export { Notifier } from './notifier.js';
export { UpdateIntake } from './update-intake.js';
