import { openSync, writeSync } from 'node:fs';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { PeerCloudModule } from '../../../../src/index.js';
import {
  PeerCloudMicroservicesModule,
  PeerCloudServer,
} from '../../../../src/integrations/microservices/index.js';

/** Arguments: the port of a peer in the cloud, the file for the account. */
const [seed, account] = process.argv.slice(2) as [string, string];
// What is written is in the kernel's hands, whatever happens to this process.
const file = openSync(account, 'a');

@Controller()
class Counter {
  @MessagePattern('count')
  count(@Payload() n: number) {
    writeSync(file, `${n}\n`);
    return n;
  }
}

@Module({
  imports: [
    PeerCloudModule.forRoot({
      peers: [`127.0.0.1:${seed}`],
      membership: { profile: 'local' },
    }),
    PeerCloudMicroservicesModule,
  ],
  controllers: [Counter],
})
class CounterModule {}

const app = await NestFactory.create(CounterModule, { logger: false });
app.connectMicroservice({ strategy: app.get(PeerCloudServer) });
await app.startAllMicroservices();
await app.listen(0, '127.0.0.1');
