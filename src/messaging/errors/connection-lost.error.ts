import { MessageError } from './message.error.js';

/** The connection broke after the message was handed to it: it was perhaps delivered, perhaps handled. */
export class ConnectionLostError extends MessageError {
  override readonly name = 'ConnectionLostError';

  constructor(peerId: string, options?: { cause?: unknown }) {
    super(
      'CONNECTION_LOST',
      peerId,
      `the connection to peer ${peerId} broke before the reply; the message was perhaps delivered`,
      options,
    );
  }
}
