import { MessageError } from './message.error.js';

/** The body is no JSON object, or holds what JSON cannot carry (a cycle, a BigInt); nothing was sent. */
export class InvalidBodyError extends MessageError {
  override readonly name = 'InvalidBodyError';

  constructor(peerId: string, problem: string, options?: { cause?: unknown }) {
    super(
      'INVALID_BODY',
      peerId,
      `the message cannot be sent: ${problem}`,
      options,
    );
  }
}
