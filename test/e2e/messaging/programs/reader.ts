import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  MembershipService,
  MessagingService,
  PeerCloudModule,
} from '../../../../src/index.js';

/** Arguments: the id, the port of a peer in the cloud, and the id of that. */
const [id, seed, from] = process.argv.slice(2) as [string, string, string];

@Module({
  imports: [
    PeerCloudModule.forRoot({
      id,
      peers: [`127.0.0.1:${seed}`],
      membership: { profile: 'local' },
    }),
  ],
})
class ReaderModule {}

const app = await NestFactory.create(ReaderModule, { logger: false });
await app.listen(0, '127.0.0.1');
await app.get(MembershipService).whenMembers(2);
const messaging = app.get(MessagingService);
await Promise.all(
  ['generator', 'observable'].map(async (type) => {
    for await (const reply of messaging.stream(from, { type })) {
      void reply;
    }
  }),
);
