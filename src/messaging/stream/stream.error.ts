import { PeerCloudError } from '../../errors/peer-cloud.error.js';

/** Why a stream cannot go on; it is the cause of the messages' own errors. */
export class StreamError extends PeerCloudError {
  override readonly name = 'StreamError';

  constructor(message: string, options?: { cause?: unknown }) {
    super('STREAM_BROKEN', message, options);
  }
}
