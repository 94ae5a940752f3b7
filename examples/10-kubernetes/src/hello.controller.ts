import { Controller, Get } from '@nestjs/common';
import { MessagingService, OnPeerMessage } from 'nestjs-peercloud';

@Controller('hello')
export class HelloController {
  readonly #messaging: MessagingService;

  constructor(messaging: MessagingService) {
    this.#messaging = messaging;
  }

  /** Asks all others, and says what came of it. */
  @Get()
  async hello() {
    const results = await this.#messaging.broadcast({ type: 'hello' });
    const replies = results.filter(({ error }) => !error).length;
    // One that left in the meantime has nothing to say.
    const errors = results
      .flatMap(({ error }) => (error ? [error.code] : []))
      .filter((code) => code !== 'PEER_LEFT');
    return { replies, errors };
  }

  @OnPeerMessage({ type: 'hello' })
  onHello() {
    return { ok: true };
  }
}
