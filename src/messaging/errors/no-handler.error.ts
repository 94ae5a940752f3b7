import type { JsonValue } from '../../wire/json.js';
import { MessageError } from './message.error.js';

/** The peer has message handlers, but none whose pattern matches the body (PROTOCOL.md, section 2, `/message`). */
export class NoHandlerError extends MessageError {
  override readonly name = 'NoHandlerError';
  /** HTTP status of the answer. */
  readonly status = 404;

  constructor(
    peerId: string,
    /** Body of the answer. */
    readonly payload: JsonValue | undefined,
  ) {
    super(
      'NO_HANDLER',
      peerId,
      `no handler of peer ${peerId} matches the message: see the patterns of its @OnPeerMessage()`,
    );
  }
}
