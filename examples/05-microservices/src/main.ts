import { NestFactory } from '@nestjs/core';
import { PeerCloudServer } from 'nestjs-peercloud/microservices';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule);
// Lets a signal take the peer out of the cloud before the process ends.
app.enableShutdownHooks();
app.connectMicroservice({ strategy: app.get(PeerCloudServer) });
await app.startAllMicroservices();
await app.listen(process.env.PORT ?? 3001, '127.0.0.1');
