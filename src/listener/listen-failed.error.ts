import { PeerCloudError } from '../errors/peer-cloud.error.js';

/** The own listener's port or host cannot be had (code `LISTEN_FAILED`). */
export class ListenFailedError extends PeerCloudError {
  override readonly name = 'ListenFailedError';

  constructor(address: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      'LISTEN_FAILED',
      `the own listener cannot listen at ${address}: ${reason}. Give another one with listener.port (0 takes a free one) or listener.host`,
      { cause },
    );
  }
}
