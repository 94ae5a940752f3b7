import { Fifo } from '../../util/fifo.js';
import { onAbort } from '../../util/abort-listeners.js';
import type { JsonValue } from '../../wire/json.js';
import {
  MessageAbortedError,
  MessageTimeoutError,
} from '../messaging.errors.js';

/**
 * Characters of replies that may have been sent and not read: as much as is under way at once, on a
 * connection of 50 MB/s that takes 5 ms for there and back.
 */
const WINDOW = 256 * 1024;

/** What one reader waits for. */
export interface ReplyReaderConfig {
  peerId: string;
  /** Ms that it waits for each reply. */
  timeout: number;
  /** Of the caller: gives it up. */
  signal: AbortSignal | undefined;
  /** Sends the message; resolves to its last reply, undefined for none beside those that came one by one. */
  send: (reader: ReplyReader) => Promise<JsonValue | undefined>;
}

/** The replies to one message, for whoever reads them. The message is sent when the first one is asked for. */
export class ReplyReader implements AsyncIterableIterator<JsonValue> {
  /** True once a reply has come. */
  isAnswered = false;
  /** True once nobody reads any more. */
  hasLeft = false;
  /** Tells the other side that it may send so many characters more; a lane that can puts it there. */
  grant: ((chars: number) => void) | undefined;
  readonly #replies = new Fifo<{ value: JsonValue; chars: number }>();
  readonly #leaving = new AbortController();
  /** What the other side may still send, and what was read since it was last told. */
  #credit = WINDOW;
  #read = 0;
  #state: 'new' | 'open' | 'over' = 'new';
  #error: unknown;
  #wakes: (() => void)[] = [];
  #ignoreSignal: (() => void) | undefined;

  readonly #config: ReplyReaderConfig;

  constructor(config: ReplyReaderConfig) {
    this.#config = config;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<JsonValue>> {
    if (this.#state === 'new') {
      this.#begin();
    }
    while (this.#replies.length === 0 && this.#state === 'open') {
      await this.#news();
    }
    const reply = this.#replies.shift();
    if (reply) {
      this.#take(reply.chars);
      return { done: false, value: reply.value };
    }
    const error = this.#error;
    this.#error = undefined;
    if (error !== undefined) {
      throw error;
    }
    return { done: true, value: undefined };
  }

  /** Nobody reads any more: the handler ends. */
  return(): Promise<IteratorResult<JsonValue>> {
    this.hasLeft = true;
    this.#giveUp();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Fires when the replies are given up. */
  get signal(): AbortSignal {
    return this.#leaving.signal;
  }

  /** Characters that it takes for now. */
  get credit(): number {
    return this.#credit;
  }

  /** Takes a reply that is not the last; false if it was not asked for. */
  push(value: JsonValue, chars: number): boolean {
    if (this.#credit <= 0) {
      return false;
    }
    this.isAnswered = true;
    this.#credit -= chars;
    this.#add(value, chars);
    return true;
  }

  #begin(): void {
    const { send, signal } = this.#config;
    this.#state = 'open';
    if (signal) {
      this.#ignoreSignal = onAbort(signal, () => this.#abort(signal.reason));
      if (signal.aborted) {
        this.#abort(signal.reason);
        return;
      }
    }
    send(this).then(
      (last) => {
        if (last !== undefined) {
          this.#add(last, 0);
        }
        this.#end();
      },
      (error: unknown) => this.#end(error),
    );
  }

  #abort(cause: unknown): void {
    this.#giveUp(new MessageAbortedError(this.#config.peerId, { cause }));
  }

  #giveUp(error?: Error): void {
    this.#end(error);
    this.#replies.clear();
    this.#leaving.abort();
  }

  #end(error?: unknown): void {
    if (this.#state !== 'over') {
      this.#state = 'over';
      this.#error = error;
      this.#ignoreSignal?.();
      this.#wake();
    }
  }

  #add(value: JsonValue, chars: number): void {
    if (this.#state === 'open') {
      this.#replies.push({ value, chars });
      this.#wake();
    }
  }

  #take(chars: number): void {
    this.#read += chars;
    if (this.#read >= WINDOW / 2 && this.#state === 'open') {
      this.#credit += this.#read;
      this.grant?.(this.#read);
      this.#read = 0;
    }
  }

  /** Waits for a reply. For the first, the lane has the time. */
  async #news(): Promise<void> {
    const { peerId, timeout } = this.#config;
    const timer = this.isAnswered
      ? setTimeout(
          () => this.#giveUp(new MessageTimeoutError(peerId, timeout)),
          timeout,
        ).unref()
      : undefined;
    await new Promise<void>((resolve) => this.#wakes.push(resolve));
    clearTimeout(timer);
  }

  #wake(): void {
    const wakes = this.#wakes;
    this.#wakes = [];
    for (const wake of wakes) {
      wake();
    }
  }
}
