export { peercloud } from './peercloud.js';
export { BroadcastError } from './standalone-client.js';
export type {
  BroadcastCallback,
  ClientEventMap,
  NodeCallback,
  OnMessage,
  PeerCloudClient,
  Reply,
  SendToPeer,
  StandaloneOptions,
  StandalonePeer,
  StandaloneResult,
} from './standalone.types.js';
export type { JsonObject, JsonValue } from '../index.js';
