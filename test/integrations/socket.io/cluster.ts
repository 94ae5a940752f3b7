import { WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { Server, Socket as ServerSocket } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import { PeerIoAdapter } from '../../../src/integrations/socket.io/index.js';
import {
  agree,
  appPort,
  startPeer,
  type PeerApp,
  type PeerAppSetup,
} from '../../e2e/module/support/peer-app.js';
import { until } from '../../support/until.js';

@WebSocketGateway()
export class Gateway {
  @WebSocketServer()
  readonly server!: Server;
}

/** An app with a Socket.IO gateway. */
export interface Replica extends PeerApp {
  id: string;
  server: Server;
}

/** A client, and what its server has of it. */
export interface Client {
  socket: Socket;
  serverSocket: ServerSocket;
}

const clients = new Set<Socket>();

/** Starts an app with a gateway. */
export async function startReplica(setup: PeerAppSetup = {}): Promise<Replica> {
  const peer = await startPeer({
    ...setup,
    providers: [Gateway],
    prepare: (app) => app.useWebSocketAdapter(new PeerIoAdapter(app)),
  });
  const { server } = peer.app.get(Gateway);
  return { ...peer, id: peer.membership.self.id, server };
}

/** Starts several, and waits until each knows the servers of all others. */
export async function startReplicas(
  count: number,
  setup: PeerAppSetup = {},
): Promise<Replica[]> {
  const replicas: Replica[] = [];
  for (let made = 0; made < count; made++) {
    const peers = replicas.map(({ address }) => address);
    const options = { ...setup.options, peers };
    replicas.push(await startReplica({ ...setup, options }));
  }
  await untilMet(replicas);
  return replicas;
}

/** Resolves once each replica counts the servers of all of these, and has heard from them. */
export async function untilMet(replicas: readonly Replica[]): Promise<void> {
  await until(() => agree(replicas));
  for (const { server } of replicas) {
    await until(
      async () =>
        (await server.of('/').adapter.serverCount()) === replicas.length,
    );
    await server.fetchSockets();
  }
}

/** Connects a client to a replica. */
export function connect(replica: Replica, namespace = '/'): Promise<Client> {
  return connectTo(appPort(replica), replica.server, namespace);
}

/** Connects a client to a server that listens on a port. */
export async function connectTo(
  port: number,
  server: Server,
  namespace = '/',
): Promise<Client> {
  const socket = io(`http://127.0.0.1:${port}${namespace}`, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
  });
  clients.add(socket);
  await until(() => socket.connected);
  const serverSocket = server.of(namespace).sockets.get(socket.id!)!;
  return { socket, serverSocket };
}

/** Ends all clients; for `afterEach`. */
export function disconnectAll(): void {
  for (const socket of clients) {
    socket.disconnect();
  }
  clients.clear();
}

/** What a client is sent from now on, in order: the event's name and its arguments. */
export function heardBy({ socket }: Client): unknown[][] {
  const heard: unknown[][] = [];
  socket.onAny((...args: unknown[]) => heard.push(args));
  return heard;
}
