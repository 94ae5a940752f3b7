import { MessageError } from './message.error.js';

/** The caller’s own signal fired; the message was perhaps delivered. The signal’s reason is the cause. */
export class MessageAbortedError extends MessageError {
  override readonly name = 'MessageAbortedError';

  constructor(peerId: string, options?: { cause?: unknown }) {
    super(
      'ABORTED',
      peerId,
      `the message to peer ${peerId} was aborted by its sender`,
      options,
    );
  }
}
