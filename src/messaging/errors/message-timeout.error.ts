import { MessageError } from './message.error.js';

/** No reply within the message's timeout; the message was perhaps delivered, perhaps handled. */
export class MessageTimeoutError extends MessageError {
  override readonly name = 'MessageTimeoutError';

  constructor(
    peerId: string,
    /** Ms that were waited for the reply. */
    readonly timeout: number,
    options?: { cause?: unknown },
  ) {
    super(
      'TIMEOUT',
      peerId,
      `no reply from peer ${peerId} within ${timeout} ms`,
      options,
    );
  }
}
