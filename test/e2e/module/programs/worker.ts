/** Three workers of node:cluster with a mounted peer each; writes what each of them warns of, a line each. */
import cluster from 'node:cluster';
import { once } from 'node:events';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PeerCloudModule } from '../../../../src/index.js';
import { LogLines } from '../../protocol/support/log-lines.js';

const WORKERS = 3;

@Module({ imports: [PeerCloudModule.forRoot({})] })
class AppModule {}

async function work(): Promise<void> {
  const logger = new LogLines();
  const app = await NestFactory.create(AppModule, { logger });
  await app.listen(0, '127.0.0.1');
  process.send!(logger.of('warn'));
}

async function fork(): Promise<void> {
  const worker = cluster.fork();
  const [warnings] = (await once(worker, 'message')) as [string[]];
  console.log(JSON.stringify(warnings));
}

if (cluster.isPrimary) {
  await Promise.all(Array.from({ length: WORKERS }, fork));
  process.exit();
} else {
  await work();
}
