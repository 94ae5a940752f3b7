import { channel } from 'node:diagnostics_channel';
import type { Peer } from '../membership/index.js';
import type { JsonValue } from '../wire/json.js';

/** What `peercloud:message.sent` and `peercloud:message.received` carry. */
export interface MessageNotice {
  /** Id of this peer: a process can have several. */
  self: string;
  /** The other side: the receiver of what was sent, the sender of what was received. */
  peer: Peer;
  body: JsonValue;
}

/** What `peercloud:message.failed` carries. */
export interface MessageFailureNotice extends MessageNotice {
  /** What `send()` rejects with, or what the result of the broadcast carries. */
  error: Error;
}

/**
 * Channels of `node:diagnostics_channel` about each message; they cost nothing while nobody listens.
 * `sent`: a message is on its way (MessageNotice).
 */
export const sentChannel = channel('peercloud:message.sent');

/** A message has arrived, and its handler is about to run (MessageNotice). */
export const receivedChannel = channel('peercloud:message.received');

/** A message that this peer sent has no reply (MessageFailureNotice). */
export const failedChannel = channel('peercloud:message.failed');
