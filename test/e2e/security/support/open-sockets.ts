import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const CHANNEL = 'net.client.socket';

/** Counts the connections that a peer opens, where it is the only one of this process that opens any. */
export class OpenSockets {
  /** Most that were open at the same time. */
  most = 0;
  #open = 0;

  readonly #ownPort: number;

  /** @param ownPort the peer's: what the test itself opens to it does not count */
  constructor(ownPort: number) {
    this.#ownPort = ownPort;
    subscribe(CHANNEL, this.#onSocket);
  }

  stop(): void {
    unsubscribe(CHANNEL, this.#onSocket);
  }

  readonly #onSocket = (event: unknown) => {
    const { socket } = event as { socket: Socket };
    socket.once('connect', () => {
      if (socket.remotePort !== this.#ownPort) {
        this.most = Math.max(this.most, ++this.#open);
        socket.once('close', () => this.#open--);
      }
    });
  };
}
