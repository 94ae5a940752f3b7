import type { ExchangeAnswer } from '../transport/exchange.js';
import { BoundedMap } from '../util/bounded-map.js';
import { BOOT_HEADER } from './signature/signature.constants.js';

/**
 * The starts of other peers, as their last genuine answers named them: a request is signed for one of
 * them. Peers whose ids do not outlive a restart name none.
 */
export class ReceiverBoots {
  readonly #boots: BoundedMap<string, string | undefined>;

  constructor(maxReceivers: number) {
    this.#boots = new BoundedMap(maxReceivers);
  }

  /** The start that a request to this peer is for; undefined where there is none, or none is known. */
  of(receiverId: string): string | undefined {
    return this.#boots.get(receiverId);
  }

  /**
   * Learns from an answer whose signature holds. True if it refuses the request because that was for
   * another start than the one that answers: nothing was done, and it is worth asking again.
   */
  learn(
    signerId: string,
    { status, headers }: Omit<ExchangeAnswer, 'body'>,
    sent: string | undefined,
  ): boolean {
    const boot = headers[BOOT_HEADER] as string | undefined;
    if (this.#boots.get(signerId) !== boot) {
      this.#boots.set(signerId, boot);
    }
    return status === 401 && boot !== sent;
  }
}
