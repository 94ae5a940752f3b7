import type { Peer } from '../membership/peer.js';
import type { JsonValue } from '../wire/json.js';
import type { MessageError } from './errors/message.error.js';

/** What one peer made of a broadcast: its reply, or why there is none. */
export type BroadcastResult<T = JsonValue> =
  | { peer: Peer; value: T; error?: undefined }
  | { peer: Peer; error: MessageError; value?: undefined };

/** A result with a reply. */
export type BroadcastReply<T = JsonValue> = Extract<
  BroadcastResult<T>,
  { value: T }
>;
