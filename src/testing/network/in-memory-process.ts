import type {
  PeerAnswer,
  PeerTarget,
  PeerTransport,
  RequestOptions,
} from '../../transport/peer-transport.interface.js';
import {
  TransportError,
  type TransportErrorCode,
} from '../../transport/transport.error.js';
import type { Clock } from '../../membership/index.js';
import type { Endpoint } from '../../wire/endpoints.js';
import type { JsonValue } from '../../wire/json.js';
import { ProcessClock } from './process-clock.js';

/** Where a request came from, as the receiver sees it. */
export interface InMemoryOrigin {
  remoteAddress: string;
  /** The sender's `x-peercloud-id`, if it sent one. */
  senderId?: string;
  /** Headers beside those of every request. */
  headers?: Record<string, string>;
}

/** An answer as it travels here. */
export interface InMemoryAnswer extends PeerAnswer {
  headers?: Readonly<Record<string, string>>;
}

/** What a process does with the requests that reach it; what it throws is answered as a 500. */
export type InMemoryHandler = (
  endpoint: Endpoint,
  body: JsonValue,
  origin: InMemoryOrigin,
) => Promise<InMemoryAnswer>;

/** How to start a process on the in-memory network. */
export interface InMemoryProcessOptions {
  /** IP literal of the host. */
  ip: string;
  port: number;
  /** The own id for `x-peercloud-id`, asked anew for each request. */
  senderId(): string | undefined;
  /** Receives what arrives. */
  handler: InMemoryHandler;
  /** Ms by which the process's Unix time is ahead; default 0. */
  skew?: number;
}

/** What a process needs of the network that it runs on. */
export interface Carrier {
  readonly clock: Clock;
  /** Takes a request to its target. */
  send(exchange: Exchange): void;
  /** Takes an answer back. */
  answer(exchange: Exchange, answer: InMemoryAnswer): void;
  /** The process crashed with the request in hand. */
  break(exchange: Exchange): void;
  /** The process has ended; what answers at its address from now on. */
  ended(process: InMemoryProcess, how: 'refusing' | 'silent'): void;
  /** A handler threw. */
  noteError(error: unknown): void;
}

/** One running program on the in-memory network: its clock, its way out, and what can happen to it. */
export class InMemoryProcess {
  readonly clock: ProcessClock;
  readonly transport: PeerTransport;
  readonly ip: string;
  readonly port: number;
  readonly #inbound = new Set<Exchange>();

  readonly #network: Carrier;
  readonly #options: InMemoryProcessOptions;

  /** Made by `InMemoryNetwork.start`, or reached only once `InMemoryNetwork.listen` knows it. */
  constructor(network: Carrier, options: InMemoryProcessOptions) {
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

  /** Its whole host stops: its callers hear nothing. */
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
    if (exchange.headers) {
      origin.headers = exchange.headers;
    }
    let answer: InMemoryAnswer;
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
      for (const exchange of this.#inbound) {
        this.#network.break(exchange);
      }
    }
    this.#inbound.clear();
  }
}

/** The way out of one process on the in-memory network. */
class InMemoryTransport implements PeerTransport {
  readonly #aborts = new WeakMap<AbortSignal, Set<Exchange>>();

  readonly #network: Carrier;
  readonly #process: InMemoryProcess;

  constructor(network: Carrier, process: InMemoryProcess) {
    this.#network = network;
    this.#process = process;
  }

  request(
    target: PeerTarget,
    endpoint: Endpoint,
    body: JsonValue,
    { timeout, signal, headers }: RequestOptions,
  ): Promise<PeerAnswer> {
    const { clock } = this.#process;
    const exchange = new Exchange(
      this.#process,
      target,
      endpoint,
      body,
      headers,
    );
    if (signal?.aborted) {
      exchange.abort();
      return exchange.answered;
    }
    exchange.deadline = clock.setTimeout(
      () => exchange.fail('TIMEOUT', `no answer within ${timeout} ms`),
      timeout,
    );
    if (signal) {
      exchange.abortable = this.#underWay(signal);
      exchange.abortable.add(exchange);
    }
    this.#network.send(exchange);
    return exchange.answered;
  }

  /** What a signal would abort: one listener for each signal, as listeners are dear. */
  #underWay(signal: AbortSignal): Set<Exchange> {
    let under = this.#aborts.get(signal);
    if (!under) {
      const exchanges = new Set<Exchange>();
      under = exchanges;
      this.#aborts.set(signal, exchanges);
      const fire = () => exchanges.forEach((exchange) => exchange.abort());
      signal.addEventListener('abort', fire, { once: true });
    }
    return under;
  }
}

/** One request on its way, and the promise of its answer. */
export class Exchange {
  readonly answered: Promise<PeerAnswer>;
  /** The timer that gives it up; dropped when the outcome is known. */
  deadline: unknown;
  /** What its signal would abort: it is among them until the outcome is known. */
  abortable: Set<Exchange> | undefined;
  #resolve!: (answer: PeerAnswer) => void;
  #reject!: (error: TransportError) => void;

  constructor(
    readonly from: InMemoryProcess,
    readonly target: PeerTarget,
    readonly endpoint: Endpoint,
    readonly body: JsonValue,
    readonly headers?: Record<string, string>,
  ) {
    this.answered = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  succeed(answer: PeerAnswer): void {
    this.#settled();
    this.#resolve(answer);
  }

  fail(code: TransportErrorCode, what: string): void {
    const { ip, port } = this.target;
    this.#settled();
    this.#reject(failure(code, `/${this.endpoint} to ${ip}:${port}: ${what}`));
  }

  abort(): void {
    this.fail('ABORTED', 'given up by the caller');
  }

  #settled(): void {
    this.from.clock.clearTimeout(this.deadline);
    this.abortable?.delete(this);
  }
}

/** Without a stack: it would show the clock only, and on a lossy network it is most of the cost. */
function failure(code: TransportErrorCode, message: string): TransportError {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const error = new TransportError(code, message);
  Error.stackTraceLimit = stackTraceLimit;
  return error;
}
