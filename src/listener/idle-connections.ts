import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Ms between two looks at connections that have fallen idle. */
const INTERVAL = 50;

/**
 * Ends the idle connections of a server that is shutting down. Node does that once, in `close()`; a
 * connection whose request ends a moment later, or that never brought one, would hold the shutdown up
 * for as long as the other side keeps it alive. Requests under way are left alone.
 */
export class IdleConnections {
  readonly #sockets = new Set<Socket>();

  readonly #server: Server;

  /** @param server one that nobody is connected to yet */
  constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** From now on, as soon as the server does not listen any more. */
  end(): void {
    const timer = setInterval(() => this.#sweep(), INTERVAL).unref();
    this.#server.once('close', () => clearInterval(timer));
  }

  #sweep(): void {
    if (this.#server.listening) {
      return;
    }
    const sockets = [...this.#sockets];
    // Node takes a connection for idle whose answer is written, but not yet sent.
    if (sockets.every(({ writableLength }) => writableLength === 0)) {
      this.#server.closeIdleConnections();
    }
    for (const socket of sockets) {
      if (socket.bytesRead === 0) {
        socket.destroy();
      }
    }
  }
}
