import { PeerCloudError } from '../errors/peer-cloud.error.js';

/**
 * Why no whole answer came.
 * - `REFUSED`: the machine answered that nobody listens there: the process is gone.
 * - `UNREACHABLE`: no connection, of any other cause, or an interceptor refused the request; nothing was sent.
 * - `OVERLOADED`: as many requests wait for the peer, or as many peers are called, as may; nothing was sent.
 * - `CONNECTION_LOST`: the connection broke, or an interceptor failed, after the request may have been sent.
 * - `TIMEOUT`: the deadline passed.
 * - `ABORTED`: the caller's signal fired.
 * - `BAD_ANSWER`: an answer too large, one that security rejects, or a reply that is no JSON.
 */
export type TransportErrorCode =
  | 'REFUSED'
  | 'UNREACHABLE'
  | 'OVERLOADED'
  | 'CONNECTION_LOST'
  | 'TIMEOUT'
  | 'ABORTED'
  | 'BAD_ANSWER';

export class TransportError extends PeerCloudError {
  override readonly name = 'TransportError';

  constructor(
    override readonly code: TransportErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(code, message, options);
  }
}

/**
 * The peer has restarted since the sender last heard of it, and takes nothing that was meant for an
 * earlier start; or the sender has, and its clock went back. The peer did nothing, and its answer has told
 * the sender what it needs to ask again.
 */
export class StaleRequestError extends TransportError {
  constructor(
    origin: string,
    /** Who refuses it. */
    readonly signerId: string,
  ) {
    super(
      'UNREACHABLE',
      `${origin}: the peer refuses what was signed for its earlier start, or by an earlier clock`,
    );
  }
}
