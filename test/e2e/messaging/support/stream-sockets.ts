import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';

/** Which end of a connection. */
export type End = 'sender' | 'receiver';

/** The sockets of the streams between peers of this process, at both ends, by channels of Node's own. */
export class StreamSockets {
  /** The receivers' ends of open streams, with the senders'. */
  readonly #open = new Map<Socket, Socket>();
  /** Every socket that was accepted here, by the port of its other end. */
  readonly #accepted = new Map<number, Socket>();

  start(): void {
    subscribe('http.client.request.start', this.#onRequest);
    subscribe('net.server.socket', this.#onSocket);
  }

  stop(): void {
    unsubscribe('http.client.request.start', this.#onRequest);
    unsubscribe('net.server.socket', this.#onSocket);
  }

  /** Streams that are open. */
  get open(): number {
    return this.#open.size;
  }

  /** Cuts every open stream at that end. */
  cut(end: End): void {
    for (const [accepted, connected] of this.#open) {
      this.#open.delete(accepted);
      (end === 'sender' ? connected : accepted).destroy();
    }
  }

  readonly #onRequest = (event: unknown) => {
    const { request } = event as { request: ClientRequest };
    request.once('upgrade', (_answer, connected: Socket) => {
      const accepted = this.#accepted.get(connected.localPort!);
      if (accepted) {
        this.#open.set(accepted, connected);
      }
    });
  };

  readonly #onSocket = (event: unknown) => {
    const { socket } = event as { socket: Socket };
    const port = socket.remotePort!;
    this.#accepted.set(port, socket);
    socket.once('close', () => {
      this.#open.delete(socket);
      this.#accepted.delete(port);
    });
  };
}
