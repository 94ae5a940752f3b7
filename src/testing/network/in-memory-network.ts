import type { Clock } from '../../membership/index.js';
import type { JsonValue } from '../../wire/json.js';
import {
  InMemoryProcess,
  type Carrier,
  type Exchange,
  type InMemoryAnswer,
  type InMemoryProcessOptions,
} from './in-memory-process.js';
import { fixedLatency, type Latency } from './latency.js';
import { Links } from './links.js';
import { SeededRandom } from './seeded-random.js';
import { TrafficMeter } from './traffic-meter.js';

/** How an in-memory network behaves. */
export interface InMemoryNetworkOptions {
  /** Where its time comes from: a VirtualClock, or the machine's clock for tests in real time. */
  clock: Clock;
  /** Chance for latency and loss; default: seed 1. */
  random?: SeededRandom;
  /** Time that one direction takes; default: none. */
  latency?: Latency;
  /** Probability that one direction of an exchange is lost, 0 to 1; default 0. */
  loss?: number;
  /**
   * `copy` (default) writes and reads every body as JSON, as a wire does; `share` hands the same
   * objects over, which is right for thousands of peers as long as nobody changes what it received.
   */
  bodies?: 'copy' | 'share';
}

/** What answers at an address: a process, its host's refusal, or nothing. */
type Place = InMemoryProcess | 'refusing' | 'silent';

/** Ms after which what was lost of a stream is sent again, as TCP does. */
const RETRANSMISSION = 200;

/** Errors that are kept. */
const MAX_ERRORS = 100;

/** A network without sockets: carries requests between processes, late, lossy or not at all. */
export class InMemoryNetwork implements Carrier {
  readonly clock: Clock;
  /** Who can reach whom. */
  readonly links = new Links();
  readonly meter = new TrafficMeter();
  /** Errors that handlers threw: none in a sound program. */
  readonly errors: unknown[] = [];
  /** Probability that one direction of an exchange is lost; may be changed at any time. */
  loss: number;
  /** Time that one direction takes; may be changed at any time. */
  latency: Latency;
  readonly #random: SeededRandom;
  readonly #copies: boolean;
  /** By IP, then by port: an address would have to be written anew for each request. */
  readonly #places = new Map<string, Map<number, Place>>();

  constructor(options: InMemoryNetworkOptions) {
    this.clock = options.clock;
    this.loss = options.loss ?? 0;
    this.#random = options.random ?? new SeededRandom(1);
    this.latency = options.latency ?? fixedLatency(0);
    this.#copies = options.bodies !== 'share';
  }

  /** Starts a process; what was at its address before is forgotten. */
  start(options: InMemoryProcessOptions): InMemoryProcess {
    const process = new InMemoryProcess(this, options);
    this.listen(process);
    return process;
  }

  /** The process takes requests from now on; what was at its address before is forgotten. */
  listen(process: InMemoryProcess): void {
    let host = this.#places.get(process.ip);
    if (!host) {
      this.#places.set(process.ip, (host = new Map()));
    }
    host.set(process.port, process);
  }

  /** Called by a process that ends. */
  ended(process: InMemoryProcess, how: 'refusing' | 'silent'): void {
    const host = this.#places.get(process.ip);
    if (host?.get(process.port) === process) {
      host.set(process.port, how);
    }
  }

  /** Called by transports: takes a request to its target. */
  send(exchange: Exchange): void {
    this.meter.noteRequest(exchange.endpoint, exchange.body);
    const { from, target } = exchange;
    const body = this.#copy(exchange.body);
    this.#carry(from.ip, target.ip, () => {
      if (!this.links.opens(from.ip, target.ip)) {
        return;
      }
      const place = this.#places.get(target.ip)?.get(target.port);
      if (place === 'refusing') {
        this.#refuse(exchange);
      } else if (place instanceof InMemoryProcess) {
        place.receive(exchange, body);
      }
    });
  }

  /** Called by the receiving process: takes the answer back. */
  answer(exchange: Exchange, answer: InMemoryAnswer): void {
    this.meter.noteAnswer(exchange.endpoint, answer.body);
    const body = this.#copy(answer.body);
    this.#back(exchange, () => exchange.succeed({ ...answer, body }));
  }

  /** Called by a process that crashes with a request in hand. */
  break(exchange: Exchange): void {
    this.#back(exchange, () =>
      exchange.fail('CONNECTION_LOST', 'the connection broke'),
    );
  }

  /**
   * Takes a part of a stream to another host: late, but without loss; while a link is cut, or the opener of
   * the stream may not open any, it waits.
   */
  transmit(from: string, to: string, opener: string, arrive: () => void): void {
    const other = opener === from ? to : from;
    const delay = this.latency(this.#random);
    const lost = this.#random.next() < this.loss;
    this.clock.setTimeout(() => {
      if (
        lost ||
        !this.links.connects(from, to) ||
        !this.links.opens(opener, other)
      ) {
        this.clock.setTimeout(
          () => this.transmit(from, to, opener, arrive),
          RETRANSMISSION,
        );
      } else {
        arrive();
      }
    }, delay);
  }

  noteError(error: unknown): void {
    if (this.errors.length < MAX_ERRORS) {
      this.errors.push(error);
    }
  }

  #refuse(exchange: Exchange): void {
    this.#back(exchange, () =>
      exchange.fail('REFUSED', 'nobody listens there'),
    );
  }

  #back(exchange: Exchange, arrive: () => void): void {
    const { from, target } = exchange;
    this.#carry(target.ip, from.ip, () => from.clock.whenAwake(arrive));
  }

  #carry(from: string, to: string, arrive: () => void): void {
    // Both draws come first, so that a cut link does not shift the chance of all others.
    const delay = this.latency(this.#random);
    const lost = this.#random.next() < this.loss;
    if (lost || !this.links.connects(from, to)) {
      return;
    }
    this.clock.setTimeout(arrive, delay);
  }

  #copy<T extends JsonValue | undefined>(body: T): T {
    return this.#copies && body !== undefined
      ? (JSON.parse(JSON.stringify(body)) as T)
      : body;
  }
}
