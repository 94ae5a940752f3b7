import { MessageError } from './message.error.js';

/** No member of the cloud has that id, or it has gone meanwhile; nothing was sent. */
export class NoSuchPeerError extends MessageError {
  override readonly name = 'NoSuchPeerError';

  constructor(peerId: string, options?: { cause?: unknown }) {
    super(
      'NO_SUCH_PEER',
      peerId,
      `no peer ${peerId} in the cloud: take the id from peers(), and expect peers to leave`,
      options,
    );
  }
}
