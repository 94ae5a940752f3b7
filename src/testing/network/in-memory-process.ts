import type { Endpoint } from '../../wire/endpoints.js';
import type { JsonValue } from '../../wire/json.js';
import type { PeerAnswer } from '../../transport/peer-transport.interface.js';
import type { Exchange } from './exchange.js';
import type { InMemoryNetwork } from './in-memory-network.js';
import { InMemoryTransport } from './in-memory-transport.js';
import { ProcessClock } from './process-clock.js';

/** Where a request came from, as the receiver sees it. */
export interface InMemoryOrigin {
  remoteAddress: string;
  /** The sender's `x-peercloud-id`, if it sent one. */
  senderId?: string;
}

/** What a process does with the requests that reach it; what it throws is answered as a 500. */
export type InMemoryHandler = (
  endpoint: Endpoint,
  body: JsonValue,
  origin: InMemoryOrigin,
) => Promise<PeerAnswer>;

/** How to start a process on the in-memory network. */
export interface InMemoryProcessOptions {
  /** IP literal of the host. */
  ip: string;
  port: number;
  /** The own id for `x-peercloud-id`, asked anew for each request. */
  senderId(): string | undefined;
  /** Receives what arrives once `listen` was called. */
  handler: InMemoryHandler;
  /** Ms by which the process's Unix time is ahead; default 0. */
  skew?: number;
}

/** One running program on the in-memory network: its clock, its way out, and what can happen to it. */
export class InMemoryProcess {
  readonly clock: ProcessClock;
  readonly transport: InMemoryTransport;
  readonly ip: string;
  readonly port: number;
  readonly #inbound = new Set<Exchange>();

  readonly #network: InMemoryNetwork;
  readonly #options: InMemoryProcessOptions;

  /** Made by `InMemoryNetwork.start`. */
  constructor(network: InMemoryNetwork, options: InMemoryProcessOptions) {
    this.#network = network;
    this.#options = options;
    this.ip = options.ip;
    this.port = options.port;
    this.clock = new ProcessClock(network.clock, options.skew);
    this.transport = new InMemoryTransport(network, this);
  }

  senderId(): string | undefined {
    return this.#options.senderId();
  }

  /** It stops for good; connections to it are refused from now on, and open ones break. */
  crash(): void {
    this.#end('refusing');
  }

  /** Its whole host stops: whoever calls it hears nothing. */
  vanish(): void {
    this.#end('silent');
  }

  /** From now until `wake`, requests to it wait, and its timers and answers too. */
  stall(): void {
    this.clock.stall();
  }

  wake(): void {
    this.clock.wake();
  }

  /** Called by the network: a request has arrived. */
  receive(exchange: Exchange, body: JsonValue): void {
    this.#inbound.add(exchange);
    this.clock.whenAwake(() => void this.#handle(exchange, body));
  }

  async #handle(exchange: Exchange, body: JsonValue): Promise<void> {
    const { endpoint, from } = exchange;
    const origin: InMemoryOrigin = { remoteAddress: from.ip };
    const senderId = from.senderId();
    if (senderId !== undefined) {
      origin.senderId = senderId;
    }
    let answer: PeerAnswer;
    try {
      answer = await this.#options.handler(endpoint, body, origin);
    } catch (error) {
      this.#network.noteError(error);
      answer = { status: 500, body: undefined };
    }
    if (this.clock.isDead) {
      return;
    }
    this.clock.whenAwake(() => {
      this.#inbound.delete(exchange);
      this.#network.answer(exchange, answer);
    });
  }

  #end(how: 'refusing' | 'silent'): void {
    this.clock.kill();
    this.#network.ended(this, how);
    if (how === 'refusing') {
      for (const exchange of this.#inbound) this.#network.break(exchange);
    }
    this.#inbound.clear();
  }
}
