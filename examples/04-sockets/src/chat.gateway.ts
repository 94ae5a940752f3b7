import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import type { Server, Socket } from 'socket.io';

/** A chat with rooms. Nothing in it knows that there are several replicas. */
@WebSocketGateway()
export class ChatGateway {
  @WebSocketServer()
  private readonly server!: Server;

  @SubscribeMessage('join')
  async join(
    @ConnectedSocket() socket: Socket,
    @MessageBody() { room, name }: { room: string; name: string },
  ): Promise<boolean> {
    socket.data = { name };
    await socket.join(room);
    return true;
  }

  @SubscribeMessage('say')
  say(
    @ConnectedSocket() socket: Socket,
    @MessageBody() { room, text }: { room: string; text: string },
  ): void {
    const { name } = socket.data as { name: string };
    this.server.to(room).emit('said', { name, text });
  }

  /** Names of all in a room, at whichever replica. */
  async namesIn(room: string): Promise<string[]> {
    const sockets = await this.server.in(room).fetchSockets();
    return sockets.map(({ data }) => (data as { name: string }).name).sort();
  }
}
