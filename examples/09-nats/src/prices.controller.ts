import { Controller, Get, Param, ParseFloatPipe, Put } from '@nestjs/common';
import { PricesService, type Price } from './prices.service.js';

@Controller()
export class PricesController {
  constructor(private readonly service: PricesService) {}

  @Get('peers')
  peers(): string[] {
    return this.service.others();
  }

  @Put('prices/:item/:price')
  async put(
    @Param('item') item: string,
    @Param('price', ParseFloatPipe) price: number,
  ): Promise<{ replicas: number }> {
    return { replicas: await this.service.publish(item, price) };
  }

  @Get('prices/:item')
  get(@Param('item') item: string): Price | object {
    return this.service.prices.get(item) ?? {};
  }
}
