import { Injectable, Logger } from '@nestjs/common';
import {
  MessagingService,
  OnPeerEvent,
  OnPeerMessage,
  PeerBody,
} from 'nestjs-peercloud';

type Price = number | null;

interface Drop {
  type: 'price.drop';
  item: string;
}

/** Ms after which a price is read again in any case. */
const MAX_AGE = 60_000;

/** The prices that this replica remembers, dropped everywhere when one changes. */
@Injectable()
export class PriceCache {
  readonly #logger = new Logger(PriceCache.name);
  readonly #prices = new Map<string, { price: Price; until: number }>();
  /** Prices that are being read; a drop in the meantime means: do not remember. */
  readonly #loading = new Map<string, symbol>();

  readonly #messaging: MessagingService;

  constructor(messaging: MessagingService) {
    this.#messaging = messaging;
  }

  /** The remembered price, or the one that is loaded and then remembered. */
  async read(item: string, load: () => Promise<Price>) {
    const entry = this.#prices.get(item);
    if (entry && entry.until > Date.now()) {
      return { price: entry.price, from: 'cache' };
    }
    const ticket = Symbol(item);
    this.#loading.set(item, ticket);
    const price = await load();
    if (this.#loading.get(item) === ticket) {
      this.#loading.delete(item);
      this.#prices.set(item, { price, until: Date.now() + MAX_AGE });
    }
    return { price, from: 'store' };
  }

  /** Resolves when every replica has forgotten the item, or could not be told. */
  async dropEverywhere(item: string): Promise<void> {
    this.#drop(item);
    const message: Drop = { type: 'price.drop', item };
    for (const { peer, error } of await this.#messaging.broadcast(message)) {
      if (error) {
        // It may go on with the old price, for MAX_AGE at most.
        this.#logger.warn(`${peer.id} was not told: ${error.message}`);
      }
    }
  }

  @OnPeerMessage('price.drop')
  onDrop(@PeerBody() { item }: Drop): void {
    this.#drop(item);
  }

  /** Whoever was away may have missed something. */
  @OnPeerEvent('cloud.joined')
  onCloudJoined(): void {
    this.#loading.clear();
    this.#prices.clear();
  }

  #drop(item: string): void {
    this.#loading.delete(item);
    this.#prices.delete(item);
  }
}
