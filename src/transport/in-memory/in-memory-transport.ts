import type { Endpoint } from '../../wire/endpoints.js';
import type { JsonValue } from '../../wire/json.js';
import type {
  PeerAnswer,
  PeerTarget,
  PeerTransport,
  RequestOptions,
} from '../peer-transport.interface.js';
import { Exchange } from './exchange.js';
import type { InMemoryNetwork } from './in-memory-network.js';
import type { InMemoryProcess } from './in-memory-process.js';

/** The way out of one process on the in-memory network. */
export class InMemoryTransport implements PeerTransport {
  readonly #aborts = new WeakMap<AbortSignal, Set<() => void>>();

  constructor(
    private readonly network: InMemoryNetwork,
    private readonly process: InMemoryProcess,
  ) {}

  request(
    target: PeerTarget,
    endpoint: Endpoint,
    body: JsonValue,
    { timeout, signal }: RequestOptions,
  ): Promise<PeerAnswer> {
    const { clock } = this.process;
    const exchange = new Exchange(this.process, target, endpoint, body);
    const abort = () => exchange.fail('ABORTED', 'given up by the caller');
    if (signal?.aborted) {
      abort();
      return exchange.answered;
    }
    const deadline = clock.setTimeout(
      () => exchange.fail('TIMEOUT', `no answer within ${timeout} ms`),
      timeout,
    );
    const under = signal && this.#underWay(signal);
    under?.add(abort);
    exchange.onSettled = () => {
      clock.clearTimeout(deadline);
      under?.delete(abort);
    };
    this.network.send(exchange);
    return exchange.answered;
  }

  /** What a signal would abort: one listener for each signal, as listeners are dear. */
  #underWay(signal: AbortSignal): Set<() => void> {
    let under = this.#aborts.get(signal);
    if (!under) {
      const aborts = new Set<() => void>();
      under = aborts;
      this.#aborts.set(signal, aborts);
      const fire = () => aborts.forEach((abort) => abort());
      signal.addEventListener('abort', fire, { once: true });
    }
    return under;
  }
}
