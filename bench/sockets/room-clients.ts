import { once } from 'node:events';
import { WebSocket } from 'ws';
import { LatencyHistogram } from '../load/latency-histogram.js';

/** Ms after which a broadcast that has not reached everybody counts as lost. */
const PATIENCE = 10_000;
/** Connections that are opened at the same time. */
const OPENED_AT_ONCE = 50;

/** Broadcasts to a room, one after another or several at a time. */
export interface RoomPlan {
  bytes: number;
  inFlight: number;
  durationMs: number;
}

/** What became of them; a broadcast is over when its last client has it. */
export interface RoomResult {
  count: number;
  lost: number;
  elapsedMs: number;
  p50: number;
  p99: number;
}

interface UnderWay {
  sentAt: number;
  missing: number;
}

/**
 * Clients of a room, as bare as can be, so that the servers are what is measured: WebSockets that speak as
 * much of Socket.IO as is needed to be sent something.
 */
export class RoomClients {
  readonly #sockets: WebSocket[] = [];
  readonly #underWay = new Map<number, UnderWay>();
  #onArrival: ((n: number) => void) | undefined;
  #number = 0;
  #publishers = 1;

  /**
   * Connects so many clients, to the servers in turn.
   *
   * @param publishers servers that are told to broadcast: one, or all of them
   */
  static async connect(
    host: string,
    ports: readonly number[],
    count: number,
    publishers: number,
  ): Promise<RoomClients> {
    const clients = new RoomClients();
    clients.#publishers = publishers;
    for (let from = 0; from < count; from += OPENED_AT_ONCE) {
      const group = Array.from(
        { length: Math.min(OPENED_AT_ONCE, count - from) },
        (_, at) => clients.#open(host, ports[(from + at) % ports.length]!),
      );
      clients.#sockets.push(...(await Promise.all(group)));
    }
    return clients;
  }

  /** Lets the first client's server broadcast, and waits for what all clients hear. */
  broadcast({ bytes, inFlight, durationMs }: RoomPlan): Promise<RoomResult> {
    const latencies = new LatencyHistogram();
    const text = 'x'.repeat(bytes);
    const startedAt = performance.now();
    let lastAt = startedAt;
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(giveUp);
        this.#onArrival = undefined;
        const lost = this.#underWay.size;
        this.#underWay.clear();
        const elapsedMs = lastAt - startedAt;
        const { count } = latencies;
        resolve({ count, lost, elapsedMs, ...latencies.summary() });
      };
      const giveUp = setTimeout(finish, durationMs + PATIENCE);
      this.#onArrival = (n) => {
        const broadcast = this.#underWay.get(n);
        if (!broadcast || --broadcast.missing > 0) {
          return;
        }
        this.#underWay.delete(n);
        lastAt = performance.now();
        latencies.record(lastAt - broadcast.sentAt);
        if (lastAt - startedAt < durationMs) {
          this.#publish(text);
        } else if (this.#underWay.size === 0) {
          finish();
        }
      };
      for (let sent = 0; sent < inFlight; sent++) {
        this.#publish(text);
      }
    });
  }

  #publish(text: string): void {
    const n = this.#number++;
    const sentAt = performance.now();
    this.#underWay.set(n, { sentAt, missing: this.#sockets.length });
    for (const socket of this.#sockets.slice(0, this.#publishers)) {
      socket.send(`42["publish",${n},"${text}"]`);
    }
  }

  async #open(host: string, port: number): Promise<WebSocket> {
    const path = '/socket.io/?EIO=4&transport=websocket';
    const socket = new WebSocket(`ws://${host}:${port}${path}`, {
      perMessageDeflate: false,
    });
    const joined = new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => {
        const text = data.toString('latin1');
        if (text.startsWith('42["news",')) {
          this.#onArrival?.(Number.parseInt(text.slice(10), 10));
        } else if (text === '2') {
          socket.send('3');
        } else if (text.startsWith('40')) {
          resolve();
        }
      });
    });
    await once(socket, 'open');
    socket.send('40');
    await joined;
    return socket;
  }
}
