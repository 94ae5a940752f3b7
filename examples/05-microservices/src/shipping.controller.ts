import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { WorkDone } from './work-done.js';

@Controller()
export class ShippingController {
  constructor(private readonly done: WorkDone) {}

  /** One of the shipping replicas hears each order. */
  @EventPattern('order.placed', { group: 'shipping' })
  ship(@Payload() { id }: { id: number }) {
    this.done.lines.push(`parcel ${id}`);
  }
}
