import { Injectable } from '@nestjs/common';
import {
  MembershipService,
  MessagingService,
  OnPeerMessage,
  PeerBody,
  PeerSender,
  type Peer,
} from 'nestjs-peercloud';

/** A price that replicas of all regions have heard of. */
export interface Price {
  item: string;
  price: number;
  from: string;
}

@Injectable()
export class PricesService {
  readonly prices = new Map<string, Price>();

  constructor(
    private readonly membership: MembershipService,
    private readonly messaging: MessagingService,
  ) {}

  /** The others, with their regions. */
  others(): string[] {
    return this.membership
      .peers()
      .map(({ data }) => `${String(data.name)} in ${String(data.region)}`)
      .sort();
  }

  /** Says a price to all regions; resolves to how many replicas have it. */
  async publish(item: string, price: number): Promise<number> {
    const results = await this.messaging.broadcast(
      { type: 'price', item, price },
      { includeSelf: true },
    );
    return results.filter(({ error }) => !error).length;
  }

  @OnPeerMessage('price')
  heard(
    @PeerBody() { item, price }: Price,
    @PeerSender() sender: Peer,
  ): { ok: true } {
    const from = String(sender.data.region);
    this.prices.set(item, { item, price, from });
    return { ok: true };
  }
}
