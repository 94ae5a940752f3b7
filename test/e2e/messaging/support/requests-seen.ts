import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import type { PeerApp } from '../../module/support/peer-app.js';

const CHANNEL = 'http.server.request.start';

/** Counts the HTTP requests between peers of this process. */
export class RequestsSeen {
  readonly #counts = new Map<string, number>();

  /** Watches until `stop()`. */
  start(): this {
    this.#counts.clear();
    subscribe(CHANNEL, this.#onRequest);
    return this;
  }

  stop(): void {
    unsubscribe(CHANNEL, this.#onRequest);
  }

  of(path: string, from: PeerApp, to: PeerApp): number {
    return this.#counts.get(keyOf(path, from.membership.self.id, to.port)) ?? 0;
  }

  readonly #onRequest = (event: unknown) => {
    const { request } = event as { request: IncomingMessage };
    const { url, headers, socket } = request;
    const key = keyOf(url, headers['x-peercloud-id'], socket.localPort);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  };
}

function keyOf(...parts: unknown[]): string {
  return parts.join(' ');
}
