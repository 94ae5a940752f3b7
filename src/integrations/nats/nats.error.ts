import { PeerCloudError } from '../../index.js';

/** No NATS server lets this peer in when it starts (code `NATS_FAILED`); the `cause` says why. */
export class NatsError extends PeerCloudError {
  override readonly name = 'NatsError';

  constructor(message: string, options?: { cause?: unknown }) {
    super('NATS_FAILED', message, options);
  }
}
