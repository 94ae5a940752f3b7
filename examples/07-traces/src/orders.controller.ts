import { Controller, Get, Param } from '@nestjs/common';
import { OrdersService } from './orders.service.js';

@Controller('orders')
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Get(':id')
  place(@Param('id') id: string) {
    return this.orders.place(id);
  }
}
