import { MessageError } from './message.error.js';

/**
 * The peer replied, with what no body may have: nesting over `limits.maxJsonDepth`, or keys by which a
 * careless merge would change prototypes. The message was delivered and handled.
 */
export class InvalidReplyError extends MessageError {
  override readonly name = 'InvalidReplyError';

  constructor(peerId: string, problem: string) {
    super(
      'INVALID_REPLY',
      peerId,
      `the reply of peer ${peerId} is refused: ${problem}`,
    );
  }
}
