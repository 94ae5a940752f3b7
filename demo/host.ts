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
import {
  LoopbackGuard,
  PeerCloudConsoleModule,
} from 'nestjs-peercloud/console';
import { ScheduleService } from 'nestjs-peercloud/schedule';
import { dataOf } from './messages.js';
import { line, paint } from './screen.js';
import { JOB, StocktakingModule } from './stocktaking.js';

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
      isGlobal: true,
      data: { name: HOST_NAME, kind: 'Nest app' },
      listener: { port: 0, host: '127.0.0.1' },
      // It stays when others are killed, so it owns nothing.
      keys: { eligible: false },
    }),
    PeerCloudConsoleModule.forRoot({ guards: [LoopbackGuard] }),
    StocktakingModule,
  ],
  providers: [HostEvents],
})
class HostModule {}

/** The first peer of the demo's cloud, in the process that runs the show. */
export interface Host {
  membership: MembershipService;
  messaging: MessagingService;
  /** Address of the console. */
  url: string;
  /** Name of the peer whose turn the job is. */
  jobOwner(): Promise<string | undefined>;
  close(): Promise<void>;
}

export async function startHost(): Promise<Host> {
  const app = await NestFactory.create(HostModule, {
    logger: ['fatal', 'error', 'warn'],
  });
  await app.listen(0, '127.0.0.1');
  const membership = app.get(MembershipService);
  return {
    membership,
    messaging: app.get(MessagingService),
    url: `${await app.getUrl()}/cloud`,
    jobOwner: async () => {
      const jobs = await app.get(ScheduleService, { strict: false }).jobs();
      const owner = jobs.find(({ name }) => name === JOB)?.owner;
      const peer = owner && membership.get(owner);
      return peer ? dataOf(peer).name : undefined;
    },
    close: () => app.close(),
  };
}
