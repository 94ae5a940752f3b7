import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  MembershipService,
  MessagingService,
  OnPeerEvent,
  OnPeerMessage,
  PeerCloudModule,
  type PeerJoinedEvent,
  type PeerLeftEvent,
} from 'nestjs-peercloud';
import { dataOf } from './messages.js';
import { line, paint } from './screen.js';

export const HOST_NAME = 'show';

/** The show is a member of the cloud too: this is what it hears. */
@Injectable()
class HostEvents {
  readonly #membership: MembershipService;

  constructor(membership: MembershipService) {
    this.#membership = membership;
  }

  @OnPeerEvent('peer.joined')
  joined({ peer }: PeerJoinedEvent): void {
    const { name, kind } = dataOf(peer);
    line(
      `${paint('green', 'joined')}  ${name} (${kind}) at ${peer.ip}:${peer.port}`,
    );
  }

  @OnPeerEvent('peer.left')
  left({ peer, reason }: PeerLeftEvent): void {
    line(`${paint('red', 'left')}    ${dataOf(peer).name}: ${reason}`);
  }

  @OnPeerMessage('members')
  members() {
    return { names: this.#membership.peers().map((peer) => dataOf(peer).name) };
  }
}

@Module({
  imports: [
    PeerCloudModule.forRoot({
      data: { name: HOST_NAME, kind: 'Nest app' },
      listener: { port: 0, host: '127.0.0.1' },
    }),
  ],
  providers: [HostEvents],
})
class HostModule {}

/** The first peer of the demo's cloud, in the process that runs the show. */
export interface Host {
  membership: MembershipService;
  messaging: MessagingService;
  close(): Promise<void>;
}

export async function startHost(): Promise<Host> {
  const app = await NestFactory.createApplicationContext(HostModule, {
    logger: ['fatal', 'error', 'warn'],
  });
  return {
    membership: app.get(MembershipService),
    messaging: app.get(MessagingService),
    close: () => app.close(),
  };
}
