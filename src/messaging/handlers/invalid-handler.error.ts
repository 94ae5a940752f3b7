import { PeerCloudError } from '../../errors/peer-cloud.error.js';

/** A message handler that cannot work, found at start-up; the message names it and says what to write. */
export class InvalidHandlerError extends PeerCloudError {
  override readonly name = 'InvalidHandlerError';

  constructor(
    /** `Class.method`. */
    readonly handler: string,
    message: string,
    options?: { cause?: unknown },
  ) {
    super('INVALID_HANDLER', message, options);
  }
}
