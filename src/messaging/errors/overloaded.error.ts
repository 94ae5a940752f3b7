import { MessageError } from './message.error.js';

/** The lane to the peer was full until the deadline: the message was not sent. Send less, or raise the bounds. */
export class OverloadedError extends MessageError {
  override readonly name = 'OverloadedError';

  constructor(peerId: string, options?: { cause?: unknown }) {
    super(
      'OVERLOADED',
      peerId,
      `too many messages to peer ${peerId} are under way; this one was not sent. Send fewer at a time, or raise messaging.stream.maxInFlight or maxQueuedBytes, or limits.connectionsPerPeer where messages go by /message`,
      options,
    );
  }
}
