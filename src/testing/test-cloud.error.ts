import { PeerCloudError } from '../index.js';

/** What went wrong in a test cloud. */
export type TestCloudErrorCode =
  /** The app's module does not import PeerCloudModule. */
  | 'NO_PEER_CLOUD'
  /** Two apps have the same id. */
  | 'SAME_ID'
  /** There is no app of that index, or it does not run. */
  | 'NO_SUCH_APP'
  /** What was waited for did not come. */
  | 'NOT_IN_TIME';

/** A test cloud was asked for what it cannot do, or did not come to rest. The message says which seed it has. */
export class TestCloudError extends PeerCloudError {
  override readonly name = 'TestCloudError';

  constructor(
    override readonly code: TestCloudErrorCode,
    message: string,
    seed: number,
    options?: { cause?: unknown },
  ) {
    super(code, `${message} (seed ${seed})`, options);
  }
}
