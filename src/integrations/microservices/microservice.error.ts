import { PeerCloudError } from '../../index.js';

/** What can be wrong beside the codes of MessageError. */
export type MicroserviceErrorCode =
  | 'NO_PEER_CLOUD'
  /** No peer handles the pattern, or the given one does not: nothing was sent. */
  | 'NO_HANDLER'
  /** A peer that was asked for more values does not have the request any more. */
  | 'STREAM_LOST';

/** What a client of a cloud fails with, where no message itself has failed. */
export class MicroserviceError extends PeerCloudError {
  override readonly name = 'MicroserviceError';

  constructor(
    override readonly code: MicroserviceErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(code, message, options);
  }
}
