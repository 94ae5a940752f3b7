import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** Which end of a connection. */
export type End = 'sender' | 'receiver';

/** The sockets of the streams between peers of this process, at both ends, by channels of Node's own. */
export class StreamSockets {
  /** The receivers' ends of open streams. */
  readonly #accepted = new Set<Socket>();
  /** Every socket that was connected from here, by its own port. */
  readonly #connected = new Map<number, Socket>();

  start(): void {
    subscribe('http.server.request.start', this.#onRequest);
    subscribe('net.client.socket', this.#onSocket);
  }

  stop(): void {
    unsubscribe('http.server.request.start', this.#onRequest);
    unsubscribe('net.client.socket', this.#onSocket);
  }

  /** Streams that are open. */
  get open(): number {
    return this.#accepted.size;
  }

  /** Cuts every open stream at that end. */
  cut(end: End): void {
    for (const socket of this.#accepted) {
      this.#accepted.delete(socket);
      const { remotePort } = socket;
      if (end === 'sender') {
        this.#connected.get(remotePort!)!.destroy();
      } else {
        socket.destroy();
      }
    }
  }

  readonly #onRequest = (event: unknown) => {
    const { url, socket } = (event as { request: IncomingMessage }).request;
    if (url === '/stream') {
      this.#accepted.add(socket);
      socket.once('close', () => this.#accepted.delete(socket));
    }
  };

  readonly #onSocket = (event: unknown) => {
    const { socket } = event as { socket: Socket };
    socket.once('connect', () => {
      const port = socket.localPort!;
      this.#connected.set(port, socket);
      socket.once('close', () => this.#connected.delete(port));
    });
  };
}
