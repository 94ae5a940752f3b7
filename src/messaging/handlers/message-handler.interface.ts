import type { Peer } from '../../membership/peer.js';
import type { JsonValue } from '../../wire/json.js';

/** A method that takes messages, ready to be called. */
export interface MessageHandler {
  /** `Class.method`, for logs. */
  readonly name: string;
  /** Runs the method; may return a promise or an observable, and may throw. */
  invoke(body: JsonValue, sender: Peer): unknown;
}
