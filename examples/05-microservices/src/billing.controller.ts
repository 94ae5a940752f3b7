import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { WorkDone } from './work-done.js';

@Controller()
export class BillingController {
  constructor(private readonly done: WorkDone) {}

  /** One of the billing replicas answers. */
  @MessagePattern('price')
  price(@Payload() { items }: { items: number }) {
    return { price: 10 * items, by: this.done.name };
  }

  /** One of the billing replicas hears each order. */
  @EventPattern('order.placed', { group: 'billing' })
  bill(@Payload() { id }: { id: number }) {
    this.done.lines.push(`invoice ${id}`);
  }
}
