import {
  Body,
  Controller,
  Get,
  Inject,
  Param,
  ParseIntPipe,
  Post,
} from '@nestjs/common';
import type { ClientProxy } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { WorkDone } from './work-done.js';

@Controller()
export class OrdersController {
  constructor(
    @Inject('CLOUD') private readonly cloud: ClientProxy,
    private readonly done: WorkDone,
  ) {}

  @Get('price/:items')
  price(@Param('items', ParseIntPipe) items: number) {
    return this.cloud.send<{ price: number; by: string }>('price', { items });
  }

  @Post('orders')
  async place(@Body() order: { id: number }) {
    await firstValueFrom(this.cloud.emit('order.placed', order));
    return order;
  }

  @Get('done')
  list() {
    return this.done.lines;
  }
}
