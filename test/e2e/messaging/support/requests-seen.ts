import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { PeerApp } from '../../module/support/peer-app.js';

const RECEIVED = 'http.server.request.start';
/** An upgrade is no request to the server that takes it. */
const SENT = 'http.client.request.start';

/** Counts the HTTP requests between peers of this process, and what asks for a stream. */
export class RequestsSeen {
  readonly #counts = new Map<string, number>();

  /** Watches until `stop()`. */
  start(): this {
    this.#counts.clear();
    subscribe(RECEIVED, this.#onRequest);
    subscribe(SENT, this.#onSent);
    return this;
  }

  stop(): void {
    unsubscribe(RECEIVED, this.#onRequest);
    unsubscribe(SENT, this.#onSent);
  }

  of(path: string, from: PeerApp, to: PeerApp): number {
    return this.#counts.get(keyOf(path, from.membership.self.id, to.port)) ?? 0;
  }

  readonly #onRequest = (event: unknown) => {
    const { request } = event as { request: IncomingMessage };
    const { url, headers, socket } = request;
    this.#count(keyOf(url, headers['x-peercloud-id'], socket.localPort));
  };

  readonly #onSent = (event: unknown) => {
    const { request } = event as { request: ClientRequest };
    if (request.path === '/stream') {
      const [, port] = String(request.getHeader('host')).split(':');
      this.#count(
        keyOf(request.path, request.getHeader('x-peercloud-id'), port),
      );
    }
  };

  #count(key: string): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }
}

function keyOf(...parts: unknown[]): string {
  return parts.join(' ');
}
