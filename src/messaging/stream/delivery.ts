import { AsyncLocalStorage } from 'node:async_hooks';
import type { JsonValue } from '../../wire/json.js';
import type { OutgoingMessage } from '../lanes/index.js';
import { onAbort } from '../../util/abort-listeners.js';
import { MessageAbortedError, type MessageError } from '../messaging.errors.js';

/** Made once: every message has it. */
const inPlace = <T>(work: () => T): T => work();

/** A message on its way over a stream; settled once. */
export class Delivery {
  /** True once the caller has its reply or error. */
  settled = false;
  /** Characters that count as queued; 0 for a body that is serialised later. */
  queuedChars = 0;
  /** Runs what sends it by `/message` in the context of its sender, as far as that was kept. */
  inContext = inPlace;
  readonly #ignoreSignal: (() => void) | undefined;

  readonly #onReply: (value: JsonValue) => void;
  readonly #onError: (error: unknown) => void;

  constructor(
    readonly peerId: string,
    readonly message: OutgoingMessage,
    onReply: (value: JsonValue) => void,
    onError: (error: unknown) => void,
  ) {
    this.#onReply = onReply;
    this.#onError = onError;
    const { signal } = message;
    if (signal) {
      this.#ignoreSignal = onAbort(signal, () =>
        this.reject(new MessageAbortedError(peerId, { cause: signal.reason })),
      );
    }
  }

  resolve(value: JsonValue): void {
    if (this.#settle()) {
      this.#onReply(value);
    }
  }

  reject(error: MessageError | Error): void {
    if (this.#settle()) {
      this.#onError(error);
    }
  }

  /** Keeps the context of who calls, for a message that may go by `/message` in another's turn. */
  keepContext(): void {
    this.inContext = AsyncLocalStorage.snapshot();
  }

  /** Hands the message to another lane. */
  continueWith(reply: Promise<JsonValue>): void {
    if (this.#settle()) {
      reply.then(this.#onReply, this.#onError);
    }
  }

  #settle(): boolean {
    if (this.settled) {
      return false;
    }
    this.settled = true;
    this.#ignoreSignal?.();
    return true;
  }
}
