import { MessageError } from './message.error.js';

/** No connection to the peer could be made: the message was not delivered and can safely go again. */
export class UnreachableError extends MessageError {
  override readonly name = 'UnreachableError';

  constructor(peerId: string, options?: { cause?: unknown }) {
    super(
      'UNREACHABLE',
      peerId,
      `peer ${peerId} cannot be reached; the message was not delivered`,
      options,
    );
  }
}
