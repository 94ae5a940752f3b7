import { Controller, Get, Param } from '@nestjs/common';
import { ChatGateway } from './chat.gateway.js';

@Controller('rooms')
export class RoomsController {
  constructor(private readonly chat: ChatGateway) {}

  @Get(':room')
  async who(@Param('room') room: string) {
    return { names: await this.chat.namesIn(room) };
  }
}
