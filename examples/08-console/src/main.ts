import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(process.env.PORT ?? 3001, '127.0.0.1');
console.log(`The console is at ${await app.getUrl()}/cloud`);
