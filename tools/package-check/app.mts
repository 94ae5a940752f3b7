// A small app in TypeScript and ESM: two Nest apps and a standalone peer in one cloud.
import assert from 'node:assert/strict';
import { Injectable, Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  MembershipService,
  MessagingService,
  OnPeerEvent,
  OnPeerMessage,
  type Peer,
  PeerBody,
  PeerCloudModule,
  type PeerCloudOptions,
  type PeerJoinedEvent,
  PeerSender,
} from 'nestjs-peercloud';
import { peercloud, type StandaloneResult } from 'nestjs-peercloud/standalone';

@Injectable()
class Messages {
  readonly joined: string[] = [];

  @OnPeerMessage({ type: 'question' })
  answer(@PeerBody() body: { about: string }, @PeerSender() sender: Peer) {
    return { answer: `${body.about}, ${sender.data.name as string}` };
  }

  @OnPeerEvent('peer.joined')
  onJoined({ peer }: PeerJoinedEvent): void {
    this.joined.push(peer.data.name as string);
  }
}

@Module({})
class AppModule {
  static with(options: PeerCloudOptions): DynamicModule {
    return {
      module: AppModule,
      imports: [PeerCloudModule.forRootAsync({ useFactory: () => options })],
      providers: [Messages],
    };
  }
}

async function start(options: PeerCloudOptions) {
  const app = await NestFactory.create(AppModule.with(options), {
    logger: ['fatal', 'error', 'warn'],
  });
  await app.listen(0, '127.0.0.1');
  await app.get(MembershipService).whenJoined();
  return app;
}

const first = await start({ data: { name: 'first' } });
const seed = `127.0.0.1:${first.get(MembershipService).self.port}`;
const second = await start({ data: { name: 'second' }, peers: [seed] });
const client = await peercloud({
  data: { name: 'client' },
  peers: [seed],
  host: '127.0.0.1',
});

const question = { type: 'question', about: 'tea' };
const fromClient: StandaloneResult[] = await client.send(question);
assert.deepEqual(
  fromClient.map(({ value }) => value),
  [{ answer: 'tea, client' }, { answer: 'tea, client' }],
);
const [reply] = await second
  .get(MessagingService)
  .broadcast<{ answer: string }>(question)
  .take(1);
assert.ok(reply);
assert.deepEqual(first.get(Messages).joined, ['second', 'client']);

await client.close();
await second.close();
await first.close();
