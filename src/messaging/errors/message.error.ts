import { PeerCloudError } from '../../errors/peer-cloud.error.js';

/** Why a message has no reply (PeerCloudError's `code`). */
export type MessageErrorCode =
  | 'NO_SUCH_PEER'
  | 'UNREACHABLE'
  | 'CONNECTION_LOST'
  | 'TIMEOUT'
  | 'ABORTED'
  | 'BAD_STATUS'
  | 'NO_HANDLER'
  | 'OVERLOADED'
  | 'INVALID_BODY'
  | 'INVALID_REPLY';

/** Base of every error that `send()` rejects with and that a broadcast's result carries. */
export class MessageError extends PeerCloudError {
  override readonly name: string = 'MessageError';

  constructor(
    override readonly code: MessageErrorCode,
    /** Id of the peer that the message was for. */
    readonly peerId: string,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(code, message, options);
  }
}
