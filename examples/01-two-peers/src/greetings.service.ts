import { Injectable, Logger } from '@nestjs/common';
import {
  MembershipService,
  MessagingService,
  OnPeerEvent,
  OnPeerMessage,
  type Peer,
  PeerBody,
  type PeerJoinedEvent,
  PeerSender,
} from 'nestjs-peercloud';

export interface Greeting {
  type: 'greeting';
  text: string;
}

@Injectable()
export class GreetingsService {
  readonly #logger = new Logger(GreetingsService.name);

  readonly #membership: MembershipService;
  readonly #messaging: MessagingService;

  constructor(membership: MembershipService, messaging: MessagingService) {
    this.#membership = membership;
    this.#messaging = messaging;
  }

  /** Sends a greeting to all other replicas and collects what they say. */
  async greetEverybody(text: string) {
    const greeting: Greeting = { type: 'greeting', text };
    const results = await this.#messaging.broadcast<{ text: string }>(greeting);
    return results.map(({ peer, value, error }) => ({
      from: peer.data.name,
      reply: error ? `no reply: ${error.code}` : value.text,
    }));
  }

  /** Called for every message whose `type` is `greeting`; what it returns is the reply. */
  @OnPeerMessage('greeting')
  answer(@PeerBody() { text }: Greeting, @PeerSender() sender: Peer) {
    const me = this.#membership.self.data.name as string;
    return { text: `${me} heard "${text}" from ${sender.data.name as string}` };
  }

  @OnPeerEvent('peer.joined')
  welcome({ peer }: PeerJoinedEvent) {
    this.#logger.log(`${peer.data.name as string} is here`);
  }
}
