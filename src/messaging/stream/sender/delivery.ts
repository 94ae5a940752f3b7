import { AsyncLocalStorage } from 'node:async_hooks';
import type { JsonValue } from '../../../wire/json.js';
import { Fifo } from '../../../util/fifo.js';
import { onAbort } from '../../../util/abort-listeners.js';
import type { OutgoingMessage } from '../../lanes/index.js';
import {
  MessageAbortedError,
  type MessageError,
} from '../../messaging.errors.js';

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
  /** Hears that it is settled. */
  onSettled: (() => void) | undefined;
  readonly #ignoreSignal: (() => void) | undefined;

  readonly #onReply: (value: JsonValue | undefined) => void;
  readonly #onError: (error: unknown) => void;

  constructor(
    readonly peerId: string,
    readonly message: OutgoingMessage,
    onReply: (value: JsonValue | undefined) => void,
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

  resolve(value: JsonValue | undefined): void {
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
  continueWith(reply: Promise<JsonValue | undefined>): void {
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
    this.onSettled?.();
    return true;
  }
}

/** Messages that wait for a stream, in the order of sending. Those that are settled meanwhile are skipped. */
export class DeliveryQueue {
  readonly #items = new Fifo<Delivery>();
  #chars = 0;

  readonly #maxChars: number;

  /** @param maxChars over it, bodies wait without being serialised */
  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  /** @throws InvalidBodyError for a body that JSON cannot carry */
  push(delivery: Delivery): void {
    if (this.#chars < this.#maxChars) {
      delivery.queuedChars = delivery.message.body.json.length;
      this.#chars += delivery.queuedChars;
    }
    this.#items.push(delivery);
  }

  /** Takes the next one out; undefined if there is none. */
  shift(): Delivery | undefined {
    return this.isEmpty ? undefined : this.#take();
  }

  /** How many wait, those included that are settled and not taken out yet. */
  get length(): number {
    return this.#items.length;
  }

  /** True if nobody waits. */
  get isEmpty(): boolean {
    while (this.#items.first?.settled) {
      this.#take();
    }
    return this.#items.length === 0;
  }

  /** Fails everybody who waits; they stay until they are skipped. */
  fail(errorOf: (delivery: Delivery) => Error): void {
    for (const delivery of this.#items) {
      delivery.reject(errorOf(delivery));
    }
  }

  /** Fails what is past its deadline by `now`, and drops what is settled; returns the next deadline. */
  expire(now: number, fail: (delivery: Delivery) => void): number {
    let next = Infinity;
    this.#items.keep((delivery) => {
      const { deadline } = delivery.message;
      if (!delivery.settled && deadline <= now) {
        fail(delivery);
      }
      if (delivery.settled) {
        this.#chars -= delivery.queuedChars;
      } else {
        next = Math.min(next, deadline);
      }
      return !delivery.settled;
    });
    return next;
  }

  #take(): Delivery {
    const delivery = this.#items.shift()!;
    this.#chars -= delivery.queuedChars;
    return delivery;
  }
}
