import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule);
// Lets a signal say goodbye to the other peers.
app.enableShutdownHooks();
await app.listen(process.env.PORT ?? 3001, '127.0.0.1');
