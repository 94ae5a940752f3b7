import { openSync, writeSync } from 'node:fs';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OnPeerMessage, PeerCloudModule } from '../../../../src/index.js';

/** Arguments: the id, the port of a peer in the cloud, the file for the account. */
const [id, seed, account] = process.argv.slice(2) as [string, string, string];
// What is written is in the kernel's hands, whatever happens to this process.
const file = openSync(account, 'a');

@Injectable()
class Counter {
  @OnPeerMessage('count')
  count({ n }: { n: number }) {
    writeSync(file, `${n}\n`);
    return { n };
  }
}

@Module({
  imports: [
    PeerCloudModule.forRoot({
      id,
      peers: [`127.0.0.1:${seed}`],
      membership: { profile: 'local' },
    }),
  ],
  providers: [Counter],
})
class ReceiverModule {}

const app = await NestFactory.create(ReceiverModule, { logger: false });
await app.listen(0, '127.0.0.1');
