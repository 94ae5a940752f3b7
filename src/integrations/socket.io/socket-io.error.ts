import { PeerCloudError } from '../../index.js';

/** What can be wrong with a Socket.IO server of a cloud. */
export type SocketIoErrorCode = 'NO_PEER_CLOUD' | 'NAMESPACE_TAKEN';

/** A Socket.IO server that cannot work; it ends the start of the app. */
export class SocketIoError extends PeerCloudError {
  override readonly name = 'SocketIoError';

  constructor(
    override readonly code: SocketIoErrorCode,
    message: string,
  ) {
    super(code, message);
  }
}
