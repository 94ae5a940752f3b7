import type { Member } from '../../membership/core/membership.types.js';
import type { JsonValue } from '../../wire/json.js';
import type { MessageBody } from '../message-body.js';

/** A message on its way to a peer. */
export interface OutgoingMessage {
  readonly body: MessageBody;
  /** Ms that the caller gave it, for the text of the error. */
  readonly timeout: number;
  /** When the caller stops waiting, on the clock of `performance.now()`. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

/** A way by which messages reach peers. Rejects with a MessageError. */
export interface MessageLane {
  send(member: Member, message: OutgoingMessage): Promise<JsonValue>;
}
