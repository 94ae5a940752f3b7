import { AsyncLocalStorage } from 'node:async_hooks';
import type { JsonValue } from '../../../wire/json.js';
import { onAbort } from '../../../util/abort-listeners.js';
import type { OutgoingMessage } from '../../lanes/index.js';
import {
  MessageAbortedError,
  type MessageError,
} from '../../messaging.errors.js';

/** Places of taken messages after which the rest of a queue moves up. */
const COMPACT_AFTER = 4096;

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

/** Messages that wait for a stream, in the order of sending. Those that are settled meanwhile are skipped. */
export class DeliveryQueue {
  #items: Delivery[] = [];
  #head = 0;
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
    while (this.#head < this.#items.length) {
      const delivery = this.#take();
      if (!delivery.settled) {
        return delivery;
      }
    }
    return undefined;
  }

  /** How many wait, those included that are settled and not taken out yet. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  /** True if nobody waits. */
  get isEmpty(): boolean {
    while (this.#items[this.#head]?.settled) {
      this.#take();
    }
    return this.#head === this.#items.length;
  }

  /** Everybody who waits, first come first; they stay. */
  *waiting(): Iterable<Delivery> {
    for (let at = this.#head; at < this.#items.length; at++) {
      if (!this.#items[at]!.settled) {
        yield this.#items[at]!;
      }
    }
  }

  /** Fails what is past its deadline by `now`, and drops what is settled; returns the next deadline. */
  expire(now: number, fail: (delivery: Delivery) => void): number {
    let next = Infinity;
    let kept = 0;
    for (let at = this.#head; at < this.#items.length; at++) {
      const delivery = this.#items[at]!;
      const { deadline } = delivery.message;
      if (!delivery.settled && deadline <= now) {
        fail(delivery);
      }
      if (delivery.settled) {
        this.#chars -= delivery.queuedChars;
      } else {
        this.#items[kept++] = delivery;
        next = Math.min(next, deadline);
      }
    }
    this.#items.length = kept;
    this.#head = 0;
    return next;
  }

  #take(): Delivery {
    const delivery = this.#items[this.#head++]!;
    this.#chars -= delivery.queuedChars;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head > COMPACT_AFTER) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return delivery;
  }
}
