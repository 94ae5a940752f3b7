import type { Endpoint } from '../../wire/endpoints.js';
import type { JsonValue } from '../../wire/json.js';
import type {
  PeerAnswer,
  PeerTarget,
} from '../../transport/peer-transport.interface.js';
import {
  TransportError,
  type TransportErrorCode,
} from '../../transport/transport.error.js';
import type { InMemoryProcess } from './in-memory-process.js';

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
