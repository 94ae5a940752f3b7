import type { BodyAccount } from '../../../security/index.js';
import { isSuccess } from '../../../wire/endpoints.js';
import type { JsonObject, JsonValue } from '../../../wire/json.js';
import { isLarger } from '../../../util/text-parts.js';
import { NO_MORE } from '../../handlers/index.js';
import {
  answerError,
  channelAlone,
  isNoChannel,
  replyFault,
  type ReplyReader,
} from '../../lanes/index.js';
import {
  ConnectionLostError,
  type InvalidBodyError,
} from '../../messaging.errors.js';
import {
  BATCH_CHARS,
  ENDED_LINE,
  endLine,
  FRAME,
  FrameConnection,
  helloLine,
  InFlightTable,
  LARGE_CHARS,
  LINE_SLACK_BYTES,
  parseLine,
  readHello,
  readStatusLine,
  statusLine,
  StreamError,
  WrongPeerError,
  type FrameHandler,
  type Hello,
  type OpenSocket,
} from '../framing/index.js';
import type { Delivery, DeliveryQueue } from './delivery.js';
import { PendingQuestions } from './pending-questions.js';

/** Ms without any sign after a message was written: then one is asked for, and then it is suspect. */
const ASK_AFTER = 500;
const SUSPECT_AFTER = 1000;

/** What a stream tells the rotation that owns it. */
export interface OutgoingStreamOwner {
  /** The receiver has greeted: it waits for `begin()`. */
  onGreeted(stream: OutgoingStream): void;
  /** There is room for more messages. */
  onRoom(): void;
  /** The receiver is about to end: no more messages on this stream. */
  onAway(stream: OutgoingStream): void;
  /** Every message of an ended stream has been started by the receiver. */
  onStarted(): void;
  /** The receiver has been silent after a message, and silent when asked. */
  onSuspect(stream: OutgoingStream): void;
  /** A suspect has given a sign of life. */
  onRecovered(stream: OutgoingStream): void;
  /** Replies came from the receiver. */
  onSign(stream: OutgoingStream): void;
  /** It waits for a sign of the receiver: `checkSilence()` has to be called now and then. */
  onWaiting(): void;
  /** The stream is gone. */
  onClosed(stream: OutgoingStream, cause?: Error): void;
  /** The message is larger than the receiver takes on a stream. */
  onTooLarge(delivery: Delivery): void;
}

/** What the opening side says about itself. */
export interface OutgoingStreamConfig {
  heartbeat: number;
  maxBytes: number;
  maxDepth: number;
  maxInFlight: number;
  /** What its lines that are still coming in take of the memory for that. */
  account: BodyAccount;
}

/** Values of each reply in a line of them. */
const REPLY_VALUES = 3;

/** One open stream to a peer: requests out, replies in. */
export class OutgoingStream implements FrameHandler {
  /** The receiver's greeting; undefined until it has come. */
  hello: Hello | undefined;
  /** True once it has brought a message its reply. */
  isProven = false;
  /** True once the receiver wants nothing more on it. */
  isAway = false;
  #inFlight: InFlightTable<Delivery>;
  readonly #questions = new PendingQuestions();
  readonly #connection: FrameConnection;
  #begun = false;
  #ended = false;
  /** True once the receiver has started every message of an ended stream. */
  #started = false;
  /** The first write since something was read, and when a sign was asked for, on the clock of `performance.now()`. */
  #waitsSince = 0;
  #askedAt = 0;
  #suspect = false;

  readonly #config: OutgoingStreamConfig;
  readonly #owner: OutgoingStreamOwner;

  constructor(
    readonly peerId: string,
    socket: OpenSocket,
    /** When it was asked for, on the clock of `performance.now()`. */
    readonly openedAt: number,
    config: OutgoingStreamConfig,
    owner: OutgoingStreamOwner,
  ) {
    this.#config = config;
    this.#owner = owner;
    this.#inFlight = new InFlightTable(config.maxInFlight);
    const { maxBytes, account, heartbeat } = config;
    this.#connection = new FrameConnection(
      socket,
      { maxBytes: maxBytes + LINE_SLACK_BYTES, account },
      this,
      heartbeat,
    );
  }

  /** Messages that wait for their replies. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** True while it takes messages, or will again when there is room or a sign of life. */
  get isOpen(): boolean {
    return this.#begun && !this.#ended && !this.#connection.isClosed;
  }

  /** True while the receiver has given no sign after a message, nor when it was asked for one. */
  get isSuspect(): boolean {
    return this.#suspect;
  }

  /** True while messages of an ended stream may be started after those of another. */
  get mayStartLater(): boolean {
    return this.#ended && !this.#started && this.inFlight > 0;
  }

  /** True if a message could be written now. */
  get hasRoom(): boolean {
    return (
      this.isOpen &&
      !this.#suspect &&
      !this.#inFlight.isFull &&
      !this.#connection.isFull
    );
  }

  /**
   * Says who opens it; messages can go then.
   * @param renews older streams still finish what they have
   */
  begin(renews: boolean): void {
    const { heartbeat, maxBytes } = this.#config;
    this.#begun = true;
    this.#connection.write(helloLine({ heartbeat, maxBytes, renews }));
  }

  /** Writes what waits, as far as there is room. */
  fill(queue: DeliveryQueue): void {
    const channels = this.hello?.channels;
    while (this.hasRoom) {
      const now = performance.now();
      let line = '';
      let channel = '';
      let large: string | undefined;
      while (!large && line.length < BATCH_CHARS && !this.#inFlight.isFull) {
        const delivery = queue.shift();
        if (!delivery) {
          break;
        }
        const json = this.#jsonOf(delivery);
        if (json === undefined) {
          continue;
        }
        const alone = channels ? channelAlone(delivery.message) : undefined;
        if (alone !== undefined && alone !== channel) {
          channel = alone;
          line += `,"${channel}"`;
        }
        line += this.#frameHead(delivery, now, alone === undefined);
        if (json.length < LARGE_CHARS) {
          line += json;
        } else {
          large = json;
        }
      }
      if (line === '') {
        return;
      }
      const clock = Math.floor(now - this.openedAt);
      const begun = `["${FRAME.requests}",${clock}${line}`;
      this.#connection.write(endLine(begun, large));
      this.#awaitSign(now);
    }
  }

  /** Asks for the receiver's status, ahead of what waits; undefined where that is of no use now. */
  ask(body: JsonObject): Promise<JsonObject | undefined> | undefined {
    if (!this.isOpen || this.#suspect || !this.hello?.status) {
      return undefined;
    }
    const [id, answer] = this.#questions.add();
    this.#connection.write(statusLine(id, body));
    return answer;
  }

  /** Writes no more messages; the replies that are due still come. */
  end(): void {
    if (!this.#ended) {
      this.#ended = true;
      this.#connection.write(ENDED_LINE);
      this.#awaitSign(performance.now());
      this.#finishIfDone();
    }
  }

  /** Gives up: what waits for replies fails. */
  break(cause: Error): void {
    this.#connection.break(cause);
  }

  beat(now: number, stalled: boolean): void {
    this.#connection.beat(this.#config.heartbeat, now, stalled);
  }

  /** Finds out whether the receiver is still there; false if there is no doubt. */
  checkSilence(now: number): boolean {
    if (this.#waitsSince <= this.#connection.readAt) {
      return false;
    }
    const silence = now - this.#waitsSince;
    if (this.#askedAt <= this.#connection.readAt) {
      if (silence >= ASK_AFTER) {
        this.#askedAt = now;
        this.#connection.ask();
      }
    } else if (silence >= SUSPECT_AFTER && now > this.#askedAt) {
      this.#suspect = true;
      this.#owner.onSuspect(this);
    }
    return true;
  }

  /** Fails what is past its deadline by `now`; returns the next deadline. */
  expire(now: number, fail: (delivery: Delivery) => void): number {
    let next = Infinity;
    for (const [id, delivery] of this.#inFlight) {
      const { reader, deadline } = delivery.message;
      if (delivery.settled) {
        this.#inFlight.take(id);
      } else if (reader?.isAnswered) {
        // From the first reply on, its reader has the time.
        continue;
      } else if (deadline <= now) {
        fail(delivery);
        this.#inFlight.take(id);
      } else if (deadline < next) {
        next = deadline;
      }
    }
    this.#finishIfDone();
    return next;
  }

  onLine(line: string): void {
    if (!this.hello) {
      this.#greeted(line);
      return;
    }
    const frame = parseLine(line);
    const kind = Array.isArray(frame) ? frame[0] : undefined;
    if (kind === FRAME.replies) {
      this.#settle(frame as JsonValue[]);
    } else if (kind === FRAME.next) {
      this.#takeReply(frame as JsonValue[], line.length);
    } else if (kind === FRAME.status) {
      this.#questions.settle(...readStatusLine(frame as JsonValue[]));
      this.isProven = true;
      this.#owner.onSign(this);
    } else if (kind === FRAME.ended) {
      if (!this.#ended) {
        throw new StreamError(
          'the receiver said that all is started of a stream that goes on',
        );
      }
      this.#started = true;
      this.#owner.onStarted();
    } else if (kind === FRAME.away && !this.isAway) {
      this.isAway = true;
      this.#owner.onAway(this);
    }
  }

  onRead(): void {
    if (this.#suspect) {
      this.#suspect = false;
      this.#owner.onRecovered(this);
    }
    this.#finishIfDone();
  }

  onEnd(): void {
    this.#connection.break(new StreamError('the receiver ended the stream'));
  }

  onDrain(): void {
    this.#owner.onRoom();
  }

  onClose(cause?: Error): void {
    this.#questions.clear();
    for (const [id, delivery] of this.#inFlight) {
      this.#inFlight.take(id);
      delivery.reject(new ConnectionLostError(this.peerId, { cause }));
    }
    this.#owner.onClosed(this, cause);
  }

  /** From the first write on that is not answered, the receiver's silence counts. */
  #awaitSign(now: number): void {
    if (this.#waitsSince <= this.#connection.readAt) {
      this.#waitsSince = now;
      this.#owner.onWaiting();
    }
  }

  /** An ended stream is over when nobody waits for a reply any more. */
  #finishIfDone(): void {
    if (this.#ended && this.#inFlight.size === 0) {
      this.#connection.finish();
    }
  }

  /** The body as it goes out; undefined for one that cannot, whose sender knows by then. */
  #jsonOf(delivery: Delivery): string | undefined {
    let json: string;
    try {
      json = delivery.message.body.json;
    } catch (error) {
      delivery.reject(error as InvalidBodyError);
      return undefined;
    }
    if (isLarger(json, this.hello!.maxBytes)) {
      this.#owner.onTooLarge(delivery);
      return undefined;
    }
    return json;
  }

  /** What comes before the body. */
  #frameHead(delivery: Delivery, now: number, withHead: boolean): string {
    const id = this.#inFlight.add(delivery);
    const { head, deadline, reader } = delivery.message;
    if (reader) {
      this.#bind(reader, id, delivery);
    }
    return `${head && withHead ? `,${head.json(reader?.credit)}` : ''},${id},${Math.ceil(deadline - now)},`;
  }

  /** Lets a reader say what it takes, and that it takes no more. */
  #bind(reader: ReplyReader, id: number, delivery: Delivery): void {
    const tell = (chars: number) =>
      this.#connection.write(`["${FRAME.credit}",${id},${chars}]\n`);
    reader.grant = tell;
    delivery.onSettled = () => {
      if (this.#inFlight.take(id)) {
        tell(0);
        this.#finishIfDone();
        this.#owner.onRoom();
      }
    };
  }

  #greeted(line: string): void {
    const hello = readHello(line);
    if (hello.id !== undefined && hello.id !== this.peerId) {
      throw new WrongPeerError();
    }
    const { maxInFlight } = this.#config;
    this.hello = hello;
    this.#connection.remoteHeartbeat = hello.heartbeat;
    this.#inFlight = new InFlightTable(
      Math.min(maxInFlight, hello.maxInFlight ?? maxInFlight),
    );
    this.#owner.onGreeted(this);
  }

  #settle(frame: JsonValue[]): void {
    if (frame.length % REPLY_VALUES !== 1) {
      throw new StreamError('a line of replies has the wrong shape');
    }
    const wasFull = this.#inFlight.isFull;
    for (let at = 1; at < frame.length; at += REPLY_VALUES) {
      const id = frame[at];
      const status = frame[at + 1];
      if (typeof id !== 'number' || typeof status !== 'number') {
        throw new StreamError('a reply has no id or no status');
      }
      const delivery = this.#inFlight.take(id);
      if (delivery) {
        this.isProven = true;
        this.#settleOne(delivery, status, frame[at + 2]!);
      }
    }
    this.#owner.onSign(this);
    if (wasFull) {
      this.#owner.onRoom();
    }
  }

  #takeReply(frame: JsonValue[], chars: number): void {
    const [, id, payload] = frame;
    if (frame.length !== REPLY_VALUES || typeof id !== 'number') {
      throw new StreamError('a reply of several has the wrong shape');
    }
    const delivery = this.#inFlight.get(id);
    if (!delivery) {
      // Given up meanwhile.
      return;
    }
    const fault = replyFault(this.peerId, payload, this.#config.maxDepth);
    if (fault) {
      delivery.reject(fault);
    } else if (!delivery.message.reader?.push(payload!, chars)) {
      throw new StreamError('a reply came that was not asked for');
    }
    this.isProven = true;
    this.#owner.onSign(this);
  }

  #settleOne(delivery: Delivery, status: number, payload: JsonValue): void {
    const fault = replyFault(this.peerId, payload, this.#config.maxDepth);
    if (fault) {
      delivery.reject(fault);
    } else if (isSuccess(status)) {
      const isOver = delivery.message.reader && status === NO_MORE.status;
      delivery.resolve(isOver ? undefined : payload);
    } else if (isNoChannel(delivery.message, status, payload)) {
      delivery.resolve(undefined);
    } else {
      delivery.reject(answerError(this.peerId, status, payload));
    }
  }
}
