import { PeerCloudError } from '../../index.js';
import { loaderTaken, noPeerCloud, notEverywhere } from './cache.messages.js';

/** What can be wrong with a cache. */
export type PeerCacheErrorCode =
  'NO_PEER_CLOUD' | 'LOADER_NAME_TAKEN' | 'NOT_EVERYWHERE';

/** Base of the errors of the cache. */
export class PeerCacheError extends PeerCloudError {
  override readonly name: string = 'PeerCacheError';

  constructor(
    override readonly code: PeerCacheErrorCode,
    message: string,
  ) {
    super(code, message);
  }
}

/** Some members have not said in time that they have dropped it. It is dropped here, and they are told again. */
export class NotEverywhereError extends PeerCacheError {
  override readonly name = 'NotEverywhereError';

  constructor(
    /** Ids of those that have not. */
    readonly peers: readonly string[],
    timeout: number,
  ) {
    super('NOT_EVERYWHERE', notEverywhere(peers, timeout));
  }
}

export function noCloud(): PeerCacheError {
  return new PeerCacheError('NO_PEER_CLOUD', noPeerCloud);
}

export function nameTaken(name: string): PeerCacheError {
  return new PeerCacheError('LOADER_NAME_TAKEN', loaderTaken(name));
}
