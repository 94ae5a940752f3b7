import { PeerCloudError } from '../errors/peer-cloud.error.js';

/** Stable codes of what an observer is answered in place of what it asked for. */
export type ObserveErrorCode =
  | 'INVALID_BODY'
  | 'IS_MEMBER'
  | 'NO_SCHEDULE'
  | 'NO_SECRET'
  | 'NO_SUCH_FEED'
  | 'NO_SUCH_PEER'
  | 'NO_OWNER'
  | 'NOT_FROM_HERE'
  | 'NOT_ALLOWED'
  | 'TOO_MANY_REQUESTS';

/** A refusal for an observer: its message is written for whoever sits at the command. */
export class ObserveError extends PeerCloudError {
  override readonly name = 'ObserveError';

  constructor(
    readonly status: number,
    override readonly code: ObserveErrorCode,
    message: string,
  ) {
    super(code, message);
  }
}
