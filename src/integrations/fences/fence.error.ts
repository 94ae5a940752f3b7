import { PeerCloudError } from '../../index.js';

/** What can go wrong with a fence. */
export type FenceErrorCode =
  /** The engine did not answer, or answered with an error, which is the `cause`. */
  | 'FENCE_UNREACHABLE'
  /** There was a lease for this occurrence before. */
  | 'OCCURRENCE_HAD'
  /** The fence was given something that cannot work. */
  | 'FENCE_MISUSED'
  /** The lease could not be renewed in time, or somebody else has the name. */
  | 'LEASE_LOST';

/** An error of a fence. */
export class FenceError extends PeerCloudError {
  override readonly name = 'FenceError';

  constructor(
    override readonly code: FenceErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(code, message, options);
  }
}
