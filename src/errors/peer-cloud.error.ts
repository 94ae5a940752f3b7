/**
 * Base of every error of this package.
 * `code` is stable and meant to be switched on; `message` says what to do; `cause` has what led to it.
 */
export class PeerCloudError extends Error {
  override readonly name: string = 'PeerCloudError';

  constructor(
    readonly code: string,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}
