import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { MembershipService } from 'nestjs-peercloud';
import { PriceCache } from './price.cache.js';
import { PriceStore } from './price.store.js';

@Controller()
export class PricesController {
  readonly #cache: PriceCache;
  readonly #store: PriceStore;
  readonly #membership: MembershipService;

  constructor(
    cache: PriceCache,
    store: PriceStore,
    membership: MembershipService,
  ) {
    this.#cache = cache;
    this.#store = store;
    this.#membership = membership;
  }

  @Get('prices/:item')
  read(@Param('item') item: string) {
    return this.#cache.read(item, () => this.#store.read(item));
  }

  @Put('prices/:item')
  async write(@Param('item') item: string, @Body() body: { price: number }) {
    await this.#store.write(item, body.price);
    await this.#cache.dropEverywhere(item);
    return { price: body.price };
  }

  @Get('replicas')
  replicas() {
    return { others: this.#membership.peers().length };
  }
}
