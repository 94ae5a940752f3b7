import type { Endpoint } from '../../wire/endpoints.js';
import type { JsonValue } from '../../wire/json.js';
import type { PeerAnswer, PeerTarget } from '../peer-transport.interface.js';
import { TransportError, type TransportErrorCode } from '../transport.error.js';
import type { InMemoryProcess } from './in-memory-process.js';

/** One request on its way, and the promise of its answer. */
export class Exchange {
  readonly answered: Promise<PeerAnswer>;
  /** Called once, when the outcome is known: the place to drop the deadline. */
  onSettled: (() => void) | undefined;
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
    this.#reject(
      new TransportError(code, `/${this.endpoint} to ${ip}:${port}: ${what}`),
    );
  }

  #settled(): void {
    this.onSettled?.();
    this.onSettled = undefined;
  }
}
