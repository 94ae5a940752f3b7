import { Controller, Get, Param } from '@nestjs/common';
import { MembershipService } from 'nestjs-peercloud';
import { GreetingsService } from './greetings.service.js';

@Controller()
export class GreetingsController {
  readonly #greetings: GreetingsService;
  readonly #membership: MembershipService;

  constructor(greetings: GreetingsService, membership: MembershipService) {
    this.#greetings = greetings;
    this.#membership = membership;
  }

  @Get('peers')
  peers() {
    return this.#membership.peers().map((peer) => peer.data.name);
  }

  @Get('greet/:text')
  greet(@Param('text') text: string) {
    return this.#greetings.greetEverybody(text);
  }
}
