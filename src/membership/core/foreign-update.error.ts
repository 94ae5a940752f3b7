import { PeerCloudError } from '../../errors/peer-cloud.error.js';

/** A peer tried to replace the data of another one (PROTOCOL.md, section 4, `update`). */
export class ForeignUpdateError extends PeerCloudError {
  override readonly name = 'ForeignUpdateError';

  constructor(senderId: string, id: string) {
    super(
      'NOT_YOURS',
      `${senderId} may replace its own data only, not that of ${id}`,
    );
  }
}
