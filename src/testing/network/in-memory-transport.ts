import type { Endpoint } from '../../wire/endpoints.js';
import type { JsonValue } from '../../wire/json.js';
import type {
  PeerAnswer,
  PeerTarget,
  PeerTransport,
  RequestOptions,
} from '../../transport/peer-transport.interface.js';
import { Exchange } from './exchange.js';
import type { InMemoryNetwork } from './in-memory-network.js';
import type { InMemoryProcess } from './in-memory-process.js';

/** The way out of one process on the in-memory network. */
export class InMemoryTransport implements PeerTransport {
  readonly #aborts = new WeakMap<AbortSignal, Set<Exchange>>();

  readonly #network: InMemoryNetwork;
  readonly #process: InMemoryProcess;

  constructor(network: InMemoryNetwork, process: InMemoryProcess) {
    this.#network = network;
    this.#process = process;
  }

  request(
    target: PeerTarget,
    endpoint: Endpoint,
    body: JsonValue,
    { timeout, signal }: RequestOptions,
  ): Promise<PeerAnswer> {
    const { clock } = this.#process;
    const exchange = new Exchange(this.#process, target, endpoint, body);
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
