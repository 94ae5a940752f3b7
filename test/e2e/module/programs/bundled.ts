import 'reflect-metadata';
import {
  Module,
  type INestApplicationContext,
  type Type,
} from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import {
  MembershipService,
  PeerCloudModule,
  type PeerCloudOptions,
} from '../../../../src/index.js';

/**
 * An app with a peer that is called over the network once, for the test of bundles: it is started by a
 * file that brings the adapter, or none.
 */
export async function run(
  adapter: AbstractHttpAdapter | undefined,
  mode: 'mounted' | 'listener',
): Promise<void> {
  const options: PeerCloudOptions =
    mode === 'listener' ? { listener: { port: 0, host: '127.0.0.1' } } : {};
  class AppModule {}
  Module({ imports: [PeerCloudModule.forRoot(options)] })(AppModule);
  const app = await start(AppModule, adapter);
  const { port } = app.get(MembershipService).self;
  const answer = await fetch(`http://127.0.0.1:${port}/status`, {
    method: 'POST',
  });
  console.log(`answered ${answer.status}`);
  await app.close();
}

async function start(
  module: Type,
  adapter: AbstractHttpAdapter | undefined,
): Promise<INestApplicationContext> {
  const quiet = { logger: false } as const;
  if (!adapter) {
    return NestFactory.createApplicationContext(module, {
      ...quiet,
      abortOnError: false,
    });
  }
  const app = await NestFactory.create(module, adapter, quiet);
  await app.listen(0, '127.0.0.1');
  return app;
}
