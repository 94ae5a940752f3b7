import { PeerCloudError } from '../../errors/peer-cloud.error.js';
import type { BroadcastResult } from '../broadcast-result.js';

/** Too few peers replied to a broadcast; `results` is what all of them made of it. */
export class QuorumError extends PeerCloudError {
  override readonly name = 'QuorumError';

  constructor(
    /** Replies that were asked for. */
    readonly wanted: number,
    /** Every peer's result, in the order of their coming. */
    readonly results: readonly BroadcastResult<unknown>[],
  ) {
    const count = results.filter((result) => !result.error).length;
    super(
      'NO_QUORUM',
      `${count} of ${results.length} peers replied, ${wanted} were wanted: see results for the errors`,
    );
  }
}
