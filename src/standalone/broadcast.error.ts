import { PeerCloudError } from '../errors/peer-cloud.error.js';
import type { StandaloneResult } from './standalone.types.js';

/** At least one peer did not reply to a broadcast. `results` has one entry for each peer, replies included. */
export class BroadcastError extends PeerCloudError {
  override readonly name = 'BroadcastError';

  constructor(readonly results: StandaloneResult[]) {
    const failed = results.filter((result) => 'error' in result);
    super(
      'BROADCAST_FAILED',
      `${failed.length} of ${results.length} peers did not reply; see results`,
      { cause: failed[0]?.error },
    );
  }
}
