import { Logger } from '@nestjs/common';

const SWITCH = /(?:^|[\s,])peercloud(?:[\s,]|$)/i;

/**
 * Single steps (each request, each comparison of lists) at debug level, which Nest prints unless it is told
 * otherwise: so only where the environment has `NODE_DEBUG=peercloud`.
 */
export class StepLog {
  readonly enabled = SWITCH.test(process.env.NODE_DEBUG ?? '');
  readonly #logger = new Logger('PeerCloud');

  write(text: string): void {
    if (this.enabled) {
      this.#logger.debug(text);
    }
  }
}
