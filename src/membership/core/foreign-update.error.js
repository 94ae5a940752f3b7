import { PeerCloudError } from '../../errors/peer-cloud.error.js';
/** A peer tried to replace the data of another one (PROTOCOL.md, section 4, `update`). */
export class ForeignUpdateError extends PeerCloudError {
    name = 'ForeignUpdateError';
    constructor(senderId, id) {
        super('NOT_YOURS', `${senderId} may replace its own data only, not that of ${id}`);
    }
}
//# sourceMappingURL=foreign-update.error.js.map