import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { Server } from 'socket.io';
import { PeerCloudModule } from '../../../../src/index.js';
import { PeerIoAdapter } from '../../../../src/integrations/socket.io/index.js';
import { carryOut } from '../scenarios/commands.js';
import type {
  Call,
  Reply,
  ReplicaOptions,
} from '../scenarios/replica-process.js';

/**
 * A Nest app with a Socket.IO gateway. Argument: ReplicaOptions. It tells its port, does what it is told by its
 * parent, and ends with it.
 */
const { adapter, seed } = JSON.parse(process.argv[2]!) as ReplicaOptions;

@WebSocketGateway()
class Gateway {
  @WebSocketServer()
  readonly server!: Server;
}

@Module({
  imports: [
    PeerCloudModule.forRoot({
      peers: seed === undefined ? [] : [`127.0.0.1:${seed}`],
      membership: { profile: 'local' },
      messageTimeout: 20_000,
    }),
  ],
  providers: [Gateway],
})
class ReplicaModule {}

const app = await NestFactory.create(
  ReplicaModule,
  adapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter(),
  { logger: false },
);
app.useWebSocketAdapter(new PeerIoAdapter(app));
await app.listen(0, '127.0.0.1');
const { server } = app.get(Gateway);
process.on('message', ({ id, name, args }: Call) => {
  const say = (reply: Reply) => process.send!(reply);
  carryOut(server, name, args).then(
    (value) => say({ id, value }),
    (error: Error) => say({ id, error: String(error.stack) }),
  );
});
process.on('disconnect', () => process.exit());
const { port } = (
  app.getHttpServer() as { address(): { port: number } }
).address();
process.send!({ port });
