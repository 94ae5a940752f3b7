export { peercloud } from './peercloud.js';
export { BroadcastError } from './broadcast.error.js';
export type { NodeCallback } from './callbacks.js';
export type { ClientEventMap } from './client-events.js';
export type {
  BroadcastCallback,
  OnMessage,
  PeerCloudClient,
  Reply,
  SendToPeer,
  StandaloneOptions,
  StandalonePeer,
  StandaloneResult,
} from './standalone.types.js';
export type { JsonObject, JsonValue } from '../wire/json.js';
