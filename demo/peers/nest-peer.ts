import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  MembershipService,
  OnPeerMessage,
  type Peer,
  PeerBody,
  PeerCloudModule,
  PeerSender,
} from 'nestjs-peercloud';
import {
  LoopbackGuard,
  PeerCloudConsoleModule,
} from 'nestjs-peercloud/console';
import {
  type Chat,
  dataOf,
  leaveOnRequest,
  readEnvironment,
} from '../messages.js';
import { StocktakingModule } from '../stocktaking.js';

const { name, seedPort, port } = readEnvironment();

/** What a user writes: methods that take messages. */
@Injectable()
class ShopMessages {
  readonly #membership: MembershipService;

  constructor(membership: MembershipService) {
    this.#membership = membership;
  }

  @OnPeerMessage('hello')
  hello(@PeerSender() sender: Peer) {
    return { text: `hello ${dataOf(sender).name}, ${name} is open` };
  }

  @OnPeerMessage('chat')
  chat(@PeerBody() { text }: Chat) {
    return { text: `${name} has read ${text.length} characters` };
  }

  @OnPeerMessage('members')
  members() {
    return { names: this.#membership.peers().map((peer) => dataOf(peer).name) };
  }
}

@Module({
  imports: [
    PeerCloudModule.forRoot({
      isGlobal: true,
      peers: [`127.0.0.1:${seedPort}`],
      data: { name, kind: 'Nest app' },
      listener: { port, host: '127.0.0.1' },
    }),
    PeerCloudConsoleModule.forRoot({ guards: [LoopbackGuard] }),
    StocktakingModule,
  ],
  providers: [ShopMessages],
})
class ShopModule {}

const app = await NestFactory.create(ShopModule, {
  logger: ['fatal', 'error', 'warn'],
});
leaveOnRequest(() => app.close());
await app.listen(0, '127.0.0.1');
