import { Injectable } from '@nestjs/common';
import {
  MembershipService,
  MessagingService,
  OnPeerMessage,
  PeerBody,
  PeerSender,
  type Peer,
} from 'nestjs-peercloud';
import { trace } from '@opentelemetry/api';

@Injectable()
export class OrdersService {
  private readonly tracer = trace.getTracer('orders');

  constructor(
    private readonly membership: MembershipService,
    private readonly messaging: MessagingService,
  ) {}

  /** One replica asks another, which asks the third; then all hear of it. */
  place(id: string) {
    return this.tracer.startActiveSpan('place order', async (span) => {
      try {
        const stock = await this.anyBut([]).send({ type: 'stock.reserve', id });
        const heard = await this.messaging.broadcast({
          type: 'order.placed',
          id,
        });
        return {
          stock,
          heardBy: heard.length,
          trace: span.spanContext().traceId,
        };
      } finally {
        span.end();
      }
    });
  }

  @OnPeerMessage('stock.reserve')
  async reserve(@PeerBody('id') id: string, @PeerSender() sender: Peer) {
    const price = await this.anyBut([sender]).send({ type: 'price', id });
    return { reserved: id, price };
  }

  /** What it does itself is a span below the message's. */
  @OnPeerMessage('price')
  price() {
    return this.tracer.startActiveSpan('look up', (span) => {
      span.end();
      return { price: 7 };
    });
  }

  @OnPeerMessage('order.placed')
  note() {
    return {};
  }

  private anyBut(others: Peer[]): Peer {
    const ids = others.map(({ id }) => id);
    const peer = this.membership.peers().find(({ id }) => !ids.includes(id));
    if (!peer) {
      throw new Error('this takes three replicas');
    }
    return peer;
  }
}
