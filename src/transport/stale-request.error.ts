import { TransportError } from './transport.error.js';

/**
 * The peer has restarted since the sender last heard of it, and takes nothing that was meant for an
 * earlier start. It did nothing, and its answer has told the sender what it needs to ask again.
 */
export class StaleRequestError extends TransportError {
  constructor(origin: string) {
    super(
      'UNREACHABLE',
      `${origin}: the peer has restarted, and refuses what was meant for its earlier self`,
    );
  }
}
