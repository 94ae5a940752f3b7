import type { BodyBudget } from '../../../security/index.js';
import { onAbort } from '../../../util/abort-listeners.js';
import type { JsonValue } from '../../../wire/json.js';
import { isCredit, MAX_CREDIT } from '../../../wire/message-head.js';
import {
  TOO_MANY_STREAMS,
  type MessageOutcome,
  type ReplySink,
} from '../../handlers/index.js';
import { ReplyWriter } from '../../lanes/index.js';
import { StreamError } from '../framing/index.js';
import type { ReplyBatch } from './reply-batch.js';
import { RunningHandlers, type SenderLoad } from './running-handlers.js';

/** Values of each credit in a line of them. */
const CREDIT_VALUES = 2;

/** What handlers of one stream that may have several replies may take. */
export interface ReplyStreamsConfig {
  /** Handlers at work for the sender, at most. */
  maxInFlight: number;
  /** Ms for which a handler counts as at work, however soon its sender stops waiting. */
  minTime: number;
  /** What the sender has of them at work on all its streams. */
  replyLoad: SenderLoad;
  /** Memory for replies that wait for their readers. */
  replyBudget: BodyBudget;
}

/** What it needs of the stream that the messages came on. */
export interface ReplyStreamsOwner {
  /** True while the socket has as much to send as it may have. */
  isFull(): boolean;
  /** No such handler is at work any more. */
  onEmpty(): void;
}

/** The messages of a stream that may have several replies (PROTOCOL.md, section 4, `replies`). */
export class ReplyStreams {
  readonly #writers = new Map<number, ReplyWriter>();
  readonly #running: RunningHandlers;

  readonly #config: ReplyStreamsConfig;
  readonly #replies: ReplyBatch;
  readonly #owner: ReplyStreamsOwner;

  constructor(
    config: ReplyStreamsConfig,
    replies: ReplyBatch,
    owner: ReplyStreamsOwner,
  ) {
    this.#config = config;
    this.#replies = replies;
    this.#owner = owner;
    const { maxInFlight, minTime, replyLoad } = config;
    this.#running = new RunningHandlers(maxInFlight, minTime, replyLoad, () =>
      owner.onEmpty(),
    );
  }

  /** True while no such handler is at work. */
  get isEmpty(): boolean {
    return this.#running.isEmpty;
  }

  /** Runs a handler. These do not hold back what comes after them: they wait for what its sender says. */
  start(
    id: number,
    credit: number,
    run: (replies: ReplySink) => MessageOutcome | Promise<MessageOutcome>,
  ): void {
    if (this.#config.replyLoad.isFull) {
      this.#replies.add(id, TOO_MANY_STREAMS);
      return;
    }
    // A sender that gives a number twice has no use for the first.
    this.#writers.get(id)?.leave();
    const writer = this.#createWriter(id, credit);
    const number = this.#running.enter(Infinity);
    this.#writers.set(id, writer);
    onAbort(writer.signal, () => this.#running.abandonOne(number));
    void this.#finish(id, writer, run(writer)).then(() =>
      this.#running.leave(number),
    );
  }

  /** @throws StreamError for a line of the wrong shape, and for more than any reader may ask for */
  grant(frame: JsonValue[]): void {
    if (frame.length % CREDIT_VALUES !== 1) {
      throw new StreamError('a line of credit has the wrong shape');
    }
    for (let at = 1; at < frame.length; at += CREDIT_VALUES) {
      const [id, credit] = frame.slice(at);
      if (typeof id !== 'number' || (credit !== 0 && !isCredit(credit))) {
        throw new StreamError('a credit has no id or no number of characters');
      }
      const writer = this.#writers.get(id);
      if (credit === 0) {
        writer?.leave();
      } else if (writer && writer.credit + credit > MAX_CREDIT) {
        throw new StreamError('a reader asks for more than it may');
      } else {
        writer?.grant(credit);
      }
    }
  }

  /** The socket has room again. */
  flush(): void {
    for (const writer of this.#writers.values()) {
      writer.flush();
    }
  }

  /** The stream is gone: nobody reads any of it. */
  abandon(): void {
    this.#running.abandon();
    for (const writer of this.#writers.values()) {
      writer.leave();
    }
  }

  async #finish(
    id: number,
    writer: ReplyWriter,
    outcome: MessageOutcome | Promise<MessageOutcome>,
  ): Promise<void> {
    const settled = await outcome;
    await writer.written();
    if (writer.fault || !writer.signal.aborted) {
      this.#replies.add(id, writer.fault ?? settled);
    }
    if (this.#writers.get(id) === writer) {
      this.#writers.delete(id);
    }
  }

  #createWriter(id: number, credit: number): ReplyWriter {
    const replies = this.#replies;
    const owner = this.#owner;
    return new ReplyWriter(
      credit,
      {
        maxBytes: replies.maxBytes,
        get isFull() {
          return owner.isFull();
        },
        write: (json) => replies.next(id, json),
      },
      this.#config.replyBudget.open(),
    );
  }
}
