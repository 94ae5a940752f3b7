import { Fifo } from '../../util/fifo.js';
import { isSuccess } from '../../wire/endpoints.js';
import type { BodyAccount } from '../../security/index.js';
import {
  NOT_READ,
  replied,
  replyText,
  type MessageOutcome,
  type ReplySink,
} from '../handlers/index.js';
import type { HandledMessage } from '../messaging.messages.js';

/** Where a writer's replies go. */
export interface ReplyPort {
  /** Bytes of the largest reply that the reader takes. */
  readonly maxBytes: number;
  /** True while it should get nothing more, whatever the reader has asked for. */
  readonly isFull: boolean;
  /** Sends a reply; returns how many characters that took. */
  write(json: string): number;
}

/**
 * Sends the replies of one handler, as far as its reader has asked for them (PROTOCOL.md, section 4,
 * `replies`). Those of an observable, which cannot be held back, wait here within a bound.
 */
export class ReplyWriter implements ReplySink {
  /** Why there are no more replies although the handler has some. */
  fault: MessageOutcome | undefined;
  readonly #left = new AbortController();
  readonly #waiting = new Fifo<string>();
  #waitingChars = 0;
  #credit: number;
  #wakes: (() => void)[] = [];

  readonly #port: ReplyPort;
  readonly #account: BodyAccount;

  /**
   * @param credit characters that the reader takes for now
   * @param account what the replies that wait take of the memory for that
   */
  constructor(credit: number, port: ReplyPort, account: BodyAccount) {
    this.#credit = credit;
    this.#port = port;
    this.#account = account;
  }

  get signal(): AbortSignal {
    return this.#left.signal;
  }

  /** Characters that the reader takes. */
  get credit(): number {
    return this.#credit;
  }

  wanted(): Promise<void> | undefined {
    return this.#isOpen || this.signal.aborted ? undefined : this.#change();
  }

  /** Resolves when nothing waits any more, or nobody wants it. */
  async written(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#change();
    }
  }

  next(value: unknown, message: HandledMessage): void {
    if (this.signal.aborted) {
      return;
    }
    const { status, json } = replyText(
      replied(value, message),
      this.#port.maxBytes,
    );
    if (!isSuccess(status)) {
      this.#fail({ status, payload: JSON.parse(json), message });
    } else if (this.#isOpen && this.#waiting.length === 0) {
      this.#write(json);
    } else {
      this.#waiting.push(json);
      this.#count(json.length);
    }
  }

  /** The reader takes so many characters more. */
  grant(credit: number): void {
    this.#credit += credit;
    this.flush();
  }

  /** Writes what waits, as far as that is wanted. */
  flush(): void {
    while (this.#isOpen && this.#waiting.length > 0) {
      const json = this.#waiting.shift()!;
      this.#write(json);
      this.#count(-json.length);
    }
    if (this.#isOpen) {
      this.#wake();
    }
  }

  /** Nobody wants more. */
  leave(): void {
    this.#waiting.clear();
    this.#account.close();
    this.#left.abort();
    this.#wake();
  }

  get #isOpen(): boolean {
    return this.#credit > 0 && !this.#port.isFull;
  }

  #write(json: string): void {
    this.#credit -= this.#port.write(json);
  }

  #count(chars: number): void {
    this.#waitingChars += chars;
    if (!this.#account.grow(this.#waitingChars)) {
      this.#fail(NOT_READ);
    }
  }

  #fail(fault: MessageOutcome): void {
    this.fault = fault;
    this.leave();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wakes.push(resolve));
  }

  #wake(): void {
    const wakes = this.#wakes;
    this.#wakes = [];
    for (const wake of wakes) {
      wake();
    }
  }
}
