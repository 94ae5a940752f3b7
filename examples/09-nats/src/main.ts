import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule);
// Lets a signal take the peer out of the cloud before the process ends.
app.enableShutdownHooks();
await app.listen(process.env.PORT ?? 3001, '127.0.0.1');
