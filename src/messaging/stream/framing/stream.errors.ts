import { PeerCloudError } from '../../../errors/peer-cloud.error.js';

/** Why a stream cannot go on; it is the cause of the messages' own errors. */
export class StreamError extends PeerCloudError {
  override readonly name: string = 'StreamError';

  constructor(message: string, options?: { cause?: unknown }) {
    super('STREAM_BROKEN', message, options);
  }
}

/** Another peer has answered than the one that the stream is for. */
export class WrongPeerError extends StreamError {
  override readonly name = 'WrongPeerError';

  constructor() {
    super('another peer answers at this address');
  }
}
