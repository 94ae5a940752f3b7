import type { INestApplication } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { createPeerAdapter } from './peer.adapter.js';
import { SocketCloud } from './socket-cloud.js';

/**
 * Makes the Socket.IO gateways of all replicas one: rooms, broadcasts and everything else reach the clients
 * of each.
 *
 * ```ts
 * app.useWebSocketAdapter(new PeerIoAdapter(app));
 * ```
 *
 * A gateway with a port or path of its own has a server of its own; its counterpart at the other replicas is
 * that with the same port and path.
 */
export class PeerIoAdapter extends IoAdapter {
  readonly #app: INestApplication;

  /** @throws SocketIoError (`NO_PEER_CLOUD`) */
  constructor(app: INestApplication) {
    super(app);
    this.#app = app;
    // At once, so that the others find an adapter here from the moment that this peer is a member.
    SocketCloud.of(app);
  }

  override createIOServer(
    ...[port, options]: Parameters<IoAdapter['createIOServer']>
  ): ReturnType<IoAdapter['createIOServer']> {
    const name = `${port || ''}${options?.path ?? ''}`;
    return super.createIOServer(port, {
      ...options,
      adapter: options?.adapter ?? createPeerAdapter(this.#app, { name }),
    } as Parameters<IoAdapter['createIOServer']>[1]);
  }
}
