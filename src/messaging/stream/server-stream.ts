import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Peer } from '../../membership/index.js';
import type { BodyAccount, StreamCodec } from '../../security/index.js';
import type { JsonObject, JsonValue } from '../../wire/json.js';
import { isMessageHead, type MessageHead } from '../../wire/message-head.js';
import { type Text, isLarger } from '../../util/text-parts.js';
import { BAD_HEAD, type MessageOutcome } from '../handlers/index.js';
import { bodyFault, type BodyLimits } from '../lanes/index.js';
import { FrameConnection, type FrameHandler } from './frame-connection.js';
import {
  AWAY_LINE,
  ENDED_LINE,
  FRAME,
  parseLine,
  readHello,
  type Hello,
} from './frames.js';
import { ReplyBatch } from './reply-batch.js';
import {
  RequestBacklog,
  type RequestLine,
  type RequestStarter,
} from './request-backlog.js';
import { RunningMessages } from './running-messages.js';
import type { SenderLoad } from './sender-load.js';
import { LINE_SLACK_BYTES, STREAM_VERSION } from './stream.constants.js';
import { StreamError } from './stream.error.js';
import { TransitClock } from './transit-clock.js';

/** What the receiving side has to know. */
export interface ServerStreamConfig extends BodyLimits {
  /** The own id. */
  id: string;
  heartbeat: number;
  /** What its lines that are still coming in take of the memory for that. */
  account: BodyAccount;
  /** Handlers at work for the sender, at most. */
  maxInFlight: number;
  /** What the sender has at work on all its streams. */
  load: SenderLoad;
  /** Ms for which a handler counts as at work, however soon its sender stops waiting. */
  minTime: number;
  /** Ms after which the opener has to replace the stream; undefined where it need not. */
  lifetime: number | undefined;
  /** Runs the handler of a message. */
  run(
    body: JsonValue,
    sender: Peer,
    head?: MessageHead,
  ): MessageOutcome | Promise<MessageOutcome>;
}

/** What a stream tells the acceptor that keeps it. */
export interface ServerStreamOwner {
  /** The opener has said who it is; it replaces none of its streams unless it `renews` one. */
  onGreeted(stream: ServerStream, renews: boolean): void;
  onClosed(stream: ServerStream): void;
}

/** One stream that a peer has opened to this one: requests in, replies out. */
export class ServerStream implements FrameHandler, RequestStarter {
  readonly #connection: FrameConnection;
  readonly #replies: ReplyBatch;
  readonly #transit = new TransitClock();
  readonly #backlog = new RequestBacklog(this);
  readonly #running: RunningMessages;
  #greeted = false;
  /** True while the socket has as many replies to send as it may have. */
  #full = false;
  #ended = false;
  #saidEnded = false;

  readonly #config: ServerStreamConfig;
  readonly #owner: ServerStreamOwner;

  constructor(
    readonly sender: Peer,
    streams: { incoming: IncomingMessage; outgoing: ServerResponse },
    codec: StreamCodec | undefined,
    config: ServerStreamConfig,
    owner: ServerStreamOwner,
  ) {
    this.#config = config;
    this.#owner = owner;
    this.#connection = new FrameConnection(
      streams.incoming,
      streams.outgoing,
      codec,
      {
        maxBytes: config.maxBytes + LINE_SLACK_BYTES,
        account: config.account,
      },
      this,
      config.heartbeat,
    );
    this.#replies = new ReplyBatch((line) => this.#write(line));
    const { id, heartbeat, maxBytes, maxInFlight, lifetime } = config;
    this.#running = new RunningMessages(
      maxInFlight,
      config.minTime,
      config.load,
      () => this.#finishIfDone(),
    );
    const hello: Hello = {
      v: STREAM_VERSION,
      id,
      heartbeat,
      maxBytes,
      maxInFlight,
      ...(lifetime !== undefined && { lifetime }),
    };
    this.#connection.write(`${JSON.stringify(hello)}\n`);
  }

  /** True once the opener sends no more. */
  get isEnded(): boolean {
    return this.#ended;
  }

  /** Asks the opener to send no more; what is under way is finished. */
  drain(): void {
    this.#connection.write(AWAY_LINE);
  }

  break(cause: Error): void {
    this.#connection.break(cause);
  }

  beat(now: number, stalled: boolean): void {
    this.#connection.beat(this.#config.heartbeat, now, stalled);
  }

  onLine(line: string): void {
    if (line === '0') {
      return;
    }
    if (!this.#greeted) {
      this.#greet(line);
      return;
    }
    const frame = parseLine(line);
    if (Array.isArray(frame) && frame[0] === FRAME.requests) {
      this.#take(frame, line);
    }
  }

  onEnd(): void {
    this.#ended = true;
    this.#work();
  }

  onDrain(): void {
    this.#full = this.#connection.isFull;
    this.#work();
  }

  onClose(): void {
    this.#backlog.clear();
    this.#running.abandon();
    this.#config.load.forget(this.#work);
    this.#owner.onClosed(this);
  }

  /** True while another handler would be one too many, or replies are not taken. */
  get isHeld(): boolean {
    return this.#full || this.#config.load.isFull || this.#connection.isClosed;
  }

  start(
    id: number,
    body: JsonValue,
    deadline: number,
    line: RequestLine,
    head?: JsonObject,
  ): void {
    const outcome =
      bodyFault(body, this.#config, line.mayBeTooLarge) ??
      this.#run(body, head);
    if (outcome instanceof Promise) {
      const number = this.#running.enter(deadline);
      void outcome.then((settled) => {
        this.#replies.add(id, settled);
        this.#running.leave(number);
      });
    } else {
      this.#replies.add(id, outcome);
    }
  }

  #run(
    body: JsonValue,
    head: JsonObject | undefined,
  ): MessageOutcome | Promise<MessageOutcome> {
    return head === undefined || isMessageHead(head)
      ? this.#config.run(body, this.sender, head)
      : BAD_HEAD;
  }

  #greet(line: string): void {
    const { heartbeat, maxBytes, renews } = readHello(line);
    this.#greeted = true;
    this.#connection.remoteHeartbeat = heartbeat;
    this.#replies.maxBytes = maxBytes;
    this.#owner.onGreeted(this, renews === true);
  }

  #take(frame: JsonValue[], line: string): void {
    const [, clock] = frame;
    if (typeof clock !== 'number') {
      throw new StreamError('a line of requests has no clock');
    }
    const now = performance.now();
    this.#backlog.add({
      frame,
      sentAt: now - this.#transit.delayOf(clock, now),
      mayBeTooLarge: isLarger(line, this.#config.maxBytes),
    });
    this.#work();
  }

  /** Starts handlers in the order of their messages, and reads no more while any has to wait. */
  readonly #work = () => {
    this.#backlog.work();
    if (this.#backlog.isEmpty) {
      this.#connection.resume();
      this.#finishIfDone();
    } else {
      this.#connection.pause();
      if (this.#config.load.isFull) {
        this.#config.load.wait(this.#work);
      }
    }
  };

  #write(line: Text): void {
    this.#connection.write(line);
    this.#full = this.#connection.isFull;
  }

  /** After the opener's end: says that everything has been started, and ends when everything is answered. */
  #finishIfDone(): void {
    if (!this.#ended || !this.#backlog.isEmpty || this.#connection.isClosed) {
      return;
    }
    this.#replies.flush();
    if (!this.#saidEnded) {
      this.#saidEnded = true;
      this.#connection.write(ENDED_LINE);
    }
    if (this.#running.isEmpty) {
      this.#connection.finish();
    }
  }
}
