import { Controller, Get } from '@nestjs/common';
import { MessagingService, OnPeerMessage } from 'nestjs-peercloud';

@Controller('hello')
export class HelloController {
  readonly #messaging: MessagingService;

  constructor(messaging: MessagingService) {
    this.#messaging = messaging;
  }

  /** Something for the console to count. */
  @Get()
  async hello() {
    const results = await this.#messaging.broadcast({ type: 'hello' });
    return { heard: results.filter(({ error }) => !error).length };
  }

  @OnPeerMessage('hello')
  hear(): void {}
}
