import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { Server } from 'socket.io';
import { PeerCloudModule } from '../../../../src/index.js';
import { PeerIoAdapter } from '../../../../src/integrations/socket.io/index.js';

/** Argument: the port of a peer in the cloud. It tells its own port, and ends with its parent. */
const [seed] = process.argv.slice(2);

@WebSocketGateway()
class Gateway {
  @WebSocketServer()
  readonly server!: Server;

  handleConnection(socket: { join(room: string): void }): void {
    socket.join('room');
  }
}

@Module({
  imports: [
    PeerCloudModule.forRoot({
      peers: [`127.0.0.1:${seed}`],
      membership: { profile: 'local' },
    }),
  ],
  providers: [Gateway],
})
class ReplicaModule {}

const app = await NestFactory.create(ReplicaModule, { logger: false });
app.useWebSocketAdapter(new PeerIoAdapter(app));
await app.listen(0, '127.0.0.1');
const { port } = (
  app.getHttpServer() as { address(): { port: number } }
).address();
process.on('disconnect', () => process.exit());
process.send!({ port });
