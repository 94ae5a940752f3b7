import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import {
  connect,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  type NodeConnectionOptions,
  type Subscription,
} from '@nats-io/transport-node';
import { NatsError } from './nats.error.js';
import {
  connectedAgain,
  connectionClosed,
  connectionLost,
  notConnected,
  serverError,
} from './nats.messages.js';

/** Ms after a reconnection in which others may not be back themselves. */
const SETTLING = 5000;

/** Ms for what is on its way out at the end. */
const FLUSH_TIMEOUT = 1000;

/** Goes with a message. */
export interface PublishOptions {
  headers?: MsgHdrs;
  reply?: string;
}

/** A connection to NATS that is there, or is not: nothing is kept for later. */
export class NatsWire {
  readonly #logger = new Logger('PeerCloud');
  #connection: NatsConnection | undefined;
  #isUp = false;
  #upAgainAt = -Infinity;
  #isClosing = false;

  readonly #options: NodeConnectionOptions;
  readonly #onDown: () => void;

  /** @param onDown what was under way is lost */
  constructor(options: NodeConnectionOptions, onDown: () => void) {
    this.#options = options;
    this.#onDown = onDown;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** True while others may not be back yet from the same loss of a server. */
  get isSettling(): boolean {
    return performance.now() - this.#upAgainAt < SETTLING;
  }

  /** Most bytes of a message, its headers included. */
  get maxPayload(): number {
    return this.#connection?.info?.max_payload ?? 0;
  }

  /** @throws NatsError */
  async connect(): Promise<void> {
    let connection: NatsConnection;
    try {
      connection = await connect(this.#options);
    } catch (cause) {
      throw new NatsError(notConnected(this.#options.servers), { cause });
    }
    this.#connection = connection;
    this.#isUp = true;
    void this.#watch(connection);
  }

  subscribe(subject: string, take: (msg: Msg) => void): Subscription {
    return this.#connection!.subscribe(subject, {
      callback: (error, msg) => {
        if (!error) {
          take(msg);
        }
      },
    });
  }

  /** False where it cannot be sent now. */
  publish(
    subject: string,
    data: Uint8Array,
    options?: PublishOptions,
  ): boolean {
    if (!this.#isUp) {
      return false;
    }
    try {
      this.#connection!.publish(subject, data, options);
      return true;
    } catch (error) {
      this.#logger.debug(`nothing is sent to ${subject}: ${String(error)}`);
      return false;
    }
  }

  /** The server has all that was sent. */
  async flush(): Promise<void> {
    await this.#connection?.flush();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#isUp) {
      this.#isUp = false;
      const late = sleep(FLUSH_TIMEOUT, undefined, { ref: false });
      await Promise.race([this.flush().catch(() => undefined), late]);
    }
    await this.#connection?.close();
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      switch (status.type) {
        case 'disconnect':
          this.#down();
          break;
        case 'reconnect':
          void connection.flush().then(
            () => this.#up(connection.getServer()),
            // It is lost again.
            () => undefined,
          );
          break;
        case 'error':
          this.#logger.warn(serverError(status.error.message));
          break;
      }
    }
    if (!this.#isClosing) {
      this.#down();
      const error = await connection.closed();
      this.#logger.error(connectionClosed(error?.message ?? 'no reason given'));
    }
  }

  #up(server: string): void {
    if (!this.#isClosing && !this.#isUp) {
      this.#isUp = true;
      this.#upAgainAt = performance.now();
      this.#logger.log(connectedAgain(server));
    }
  }

  #down(): void {
    if (this.#isUp) {
      this.#isUp = false;
      this.#logger.warn(connectionLost);
      this.#onDown();
    }
  }
}
