import { PeerCloudError } from '../errors/peer-cloud.error.js';

/** Nobody owns keys: no peer of the cloud is eligible (option `keys.eligible`), this one included. */
export class NoOwnerError extends PeerCloudError {
  override readonly name = 'NoOwnerError';

  constructor(readonly key: string) {
    super(
      'NO_OWNER',
      `nobody owns the key ${JSON.stringify(key.slice(0, 80))}: let one peer at least have the option keys.eligible`,
    );
  }
}
