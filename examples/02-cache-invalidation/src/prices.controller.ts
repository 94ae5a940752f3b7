import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { MembershipService } from 'nestjs-peercloud';
import { PeerCache } from 'nestjs-peercloud/cache';
import { PriceStore } from './price.store.js';

@Controller()
export class PricesController {
  readonly #cache: PeerCache;
  readonly #store: PriceStore;
  readonly #membership: MembershipService;

  constructor(
    cache: PeerCache,
    store: PriceStore,
    membership: MembershipService,
  ) {
    this.#cache = cache;
    this.#store = store;
    this.#membership = membership;
  }

  @Get('prices/:item')
  async read(@Param('item') item: string) {
    let from = 'cache';
    const price = await this.#cache.wrap(item, () => {
      from = 'store';
      return this.#store.read(item);
    });
    return { price, from };
  }

  @Put('prices/:item')
  async write(@Param('item') item: string, @Body() body: { price: number }) {
    await this.#store.write(item, body.price);
    await this.#cache.everywhere.del(item);
    return { price: body.price };
  }

  @Get('replicas')
  replicas() {
    return { others: this.#membership.peers().length };
  }
}
