import type { Peer } from '../../../membership/index.js';
import type { BodyAccount } from '../../../security/index.js';
import type { JsonObject, JsonValue } from '../../../wire/json.js';
import type { MessageHead } from '../../../wire/message-head.js';
import { isLarger, type Text } from '../../../util/text-parts.js';
import {
  BAD_HEAD,
  bodyFault,
  type BodyLimits,
  type MessageOutcome,
  type ReplySink,
} from '../../handlers/index.js';
import {
  AWAY_LINE,
  ENDED_LINE,
  FRAME,
  FrameConnection,
  helloLine,
  LINE_SLACK_BYTES,
  parseLine,
  readHello,
  readStatusLine,
  statusLine,
  StreamError,
  TransitClock,
  type FrameHandler,
  type OpenSocket,
} from '../framing/index.js';
import { ReplyBatch } from './reply-batch.js';
import {
  RequestBacklog,
  type RequestLine,
  type RequestStarter,
} from './request-backlog.js';
import { ReplyStreams, type ReplyStreamsConfig } from './reply-streams.js';
import { RunningHandlers, type SenderLoad } from './running-handlers.js';

/** Questions for the own status at work for one stream. */
const MAX_QUESTIONS = 8;

/** What the receiving side has to know. */
export interface IncomingStreamConfig extends BodyLimits, ReplyStreamsConfig {
  /** The own id. */
  id: string;
  heartbeat: number;
  /** What its lines that are still coming in take of the memory for that. */
  account: BodyAccount;
  /** What the sender has at work on all its streams. */
  load: SenderLoad;
  /** Answers as `/status` does. */
  status(body: JsonObject): Promise<object>;
  /** Runs the handler of a message; several replies go to `replies`. */
  run(
    body: JsonValue,
    sender: Peer,
    head?: MessageHead,
    replies?: ReplySink,
  ): MessageOutcome | Promise<MessageOutcome>;
}

/** What a stream tells the acceptor that keeps it. */
export interface IncomingStreamOwner {
  /** The opener has said who it is; it has no older stream unless it `renews` one. */
  onGreeted(stream: IncomingStream, renews: boolean): void;
  /** One of them reads no more for now. */
  onHeld(): void;
  onClosed(stream: IncomingStream): void;
}

/** One stream that a peer has opened to this one: requests in, replies out. */
export class IncomingStream implements FrameHandler, RequestStarter {
  readonly #connection: FrameConnection;
  readonly #replies: ReplyBatch;
  readonly #transit = new TransitClock();
  readonly #backlog = new RequestBacklog(this);
  readonly #running: RunningHandlers;
  readonly #several: ReplyStreams;
  #greeted = false;
  #questions = 0;
  /** True while the socket has as many replies to send as it may have. */
  #full = false;
  /** True once the opener has said that it sends no more. */
  #ended = false;
  #saidEnded = false;

  readonly #config: IncomingStreamConfig;
  readonly #owner: IncomingStreamOwner;

  constructor(
    readonly sender: Peer,
    socket: OpenSocket,
    config: IncomingStreamConfig,
    owner: IncomingStreamOwner,
  ) {
    this.#config = config;
    this.#owner = owner;
    const { id, heartbeat, maxBytes, maxInFlight, account } = config;
    this.#connection = new FrameConnection(
      socket,
      { maxBytes: maxBytes + LINE_SLACK_BYTES, account },
      this,
      heartbeat,
    );
    this.#replies = new ReplyBatch((line) => this.#write(line));
    this.#running = new RunningHandlers(
      maxInFlight,
      config.minTime,
      config.load,
      () => this.#finishIfDone(),
    );
    this.#several = new ReplyStreams(config, this.#replies, {
      isFull: () => this.#full,
      onEmpty: () => this.#finishIfDone(),
    });
    this.#connection.write(
      helloLine({
        id,
        heartbeat,
        maxBytes,
        maxInFlight,
        status: true,
        channels: true,
      }),
    );
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

  /** Gives a sign of life while it does not read; false when it does. */
  signIfHeld(): boolean {
    this.#connection.signIfPaused();
    return !this.#backlog.isEmpty && !this.#connection.isClosed;
  }

  onLine(line: string): void {
    if (!this.#greeted) {
      this.#greet(line);
      return;
    }
    const frame = parseLine(line);
    const kind = Array.isArray(frame) ? frame[0] : undefined;
    if (kind === FRAME.requests) {
      if (this.#ended) {
        throw new StreamError('a request came after the end of requests');
      }
      this.#take(frame as JsonValue[], line);
    } else if (kind === FRAME.credit) {
      this.#several.grant(frame as JsonValue[]);
    } else if (kind === FRAME.status) {
      this.#answer(...readStatusLine(frame as JsonValue[]));
    } else if (kind === FRAME.ended) {
      this.#ended = true;
      this.#work();
    }
  }

  onEnd(): void {
    this.#connection.break(new StreamError('the opener has gone'));
  }

  onDrain(): void {
    this.#full = this.#connection.isFull;
    this.#several.flush();
    this.#work();
  }

  onClose(): void {
    this.#backlog.clear();
    this.#running.abandon();
    this.#several.abandon();
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
    head: MessageHead | 'invalid' | undefined,
  ): void {
    const fault = bodyFault(body, this.#config, line.mayBeTooLarge);
    if (fault || head === 'invalid') {
      this.#replies.add(id, fault ?? BAD_HEAD);
      return;
    }
    const credit = head?.replies;
    if (credit !== undefined) {
      this.#several.start(id, credit, (replies) =>
        this.#config.run(body, this.sender, head, replies),
      );
      return;
    }
    const outcome = this.#config.run(body, this.sender, head);
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

  #greet(line: string): void {
    const { heartbeat, maxBytes, renews } = readHello(line);
    this.#greeted = true;
    this.#connection.remoteHeartbeat = heartbeat;
    this.#replies.maxBytes = maxBytes;
    this.#owner.onGreeted(this, renews === true);
  }

  /** At once, ahead of messages and replies that wait; one too many has no answer, and comes by `/status`. */
  #answer(id: number, body: JsonObject): void {
    if (
      this.#questions >= MAX_QUESTIONS ||
      this.#connection.isFull ||
      bodyFault(body, this.#config, false)
    ) {
      return;
    }
    this.#questions++;
    this.#config
      .status(body)
      .then((status) => this.#connection.write(statusLine(id, status)))
      .catch(() => {})
      .finally(() => this.#questions--);
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
      this.#owner.onHeld();
      if (this.#config.load.isFull) {
        this.#config.load.wait(this.#work);
      }
    }
  };

  #write(line: Text): void {
    this.#connection.write(line);
    this.#full = this.#connection.isFull;
  }

  /** After the opener's last line: says that everything has been started, and ends when everything is answered. */
  #finishIfDone(): void {
    if (!this.#ended || !this.#backlog.isEmpty || this.#connection.isClosed) {
      return;
    }
    this.#replies.flush();
    if (!this.#saidEnded) {
      this.#saidEnded = true;
      this.#connection.write(ENDED_LINE);
    }
    if (this.#running.isEmpty && this.#several.isEmpty) {
      this.#connection.finish();
    }
  }
}
