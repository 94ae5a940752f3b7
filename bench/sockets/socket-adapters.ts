import { createAdapter } from '@socket.io/redis-adapter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import {
  Module,
  type DynamicModule,
  type INestApplication,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Redis } from 'ioredis';
import { MembershipService, PeerCloudModule } from 'nestjs-peercloud';
import { createPeerAdapter } from 'nestjs-peercloud/socket.io';
import { Server, type ServerOptions } from 'socket.io';

/** Ways in which several Socket.IO servers are one. */
export const SOCKET_ADAPTERS = {
  'ours-sockets': 'nestjs-peercloud',
  'redis-sockets': '@socket.io/redis-adapter',
  'redis-streams-sockets': '@socket.io/redis-streams-adapter',
  // What no adapter can be better than: the publisher tells each server, and these know nothing of each other.
  'no-adapter-sockets': 'servers that are told one by one (limit)',
} as const;

export type SocketAdapterName = keyof typeof SOCKET_ADAPTERS;

export function needsRedis(name: SocketAdapterName): boolean {
  return name.startsWith('redis');
}

/** What a Socket.IO server is started with. */
export interface SocketServerEnv {
  adapter: SocketAdapterName;
  host: string;
  /** Port of Redis. */
  redis: number;
  /** Port of a server that runs already. */
  seed: number | undefined;
  /** Whether so many share this machine that what a cloud does at rest would be the load. */
  crowded: boolean;
}

@Module({})
class SocketModule {}

/** Starts a Nest app with a Socket.IO server, whose clients are all in one room. */
export async function openSocketServer(env: SocketServerEnv): Promise<Server> {
  const module: DynamicModule = {
    module: SocketModule,
    imports: env.adapter === 'ours-sockets' ? [peerCloud(env)] : [],
  };
  const app = await NestFactory.create(module, new ExpressAdapter(), {
    logger: false,
  });
  await app.init();
  const server = new Server(app.getHttpServer() as never, {
    ...(env.adapter !== 'no-adapter-sockets' && {
      adapter: adapterOf(app, env) as ServerOptions['adapter'],
    }),
    perMessageDeflate: false,
  });
  server.on('connection', (socket) => {
    void socket.join('room');
    socket.on('publish', (n: number, text: string) => {
      server.to('room').emit('news', n, text);
    });
  });
  await app.listen(0, env.host);
  if (env.adapter === 'ours-sockets') {
    await app.get(MembershipService).whenJoined();
  }
  return server;
}

function peerCloud({ host, seed, crowded }: SocketServerEnv): DynamicModule {
  return PeerCloudModule.forRoot({
    peers: seed === undefined ? [] : [`${host}:${seed}`],
    ...(crowded && {
      healthCheck: false,
      membership: { gossipInterval: 2_000 },
    }),
  });
}

function adapterOf(
  app: INestApplication,
  { adapter, redis }: SocketServerEnv,
): unknown {
  if (adapter === 'ours-sockets') {
    return createPeerAdapter(app);
  }
  const client = new Redis(redis);
  return adapter === 'redis-sockets'
    ? createAdapter(client, client.duplicate())
    : createStreamsAdapter(client);
}
