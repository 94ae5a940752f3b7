import { isSuccess } from '../../wire/endpoints.js';
import type { JsonValue } from '../../wire/json.js';
import { isLarger } from '../../util/text-parts.js';
import { type BodyAccount, PLAIN_CODEC } from '../../security/index.js';
import { ConnectionLostError, InvalidBodyError } from '../messaging.errors.js';
import { answerError, replyFault } from '../lanes/index.js';
import type { DeliveryQueue } from './delivery-queue.js';
import type { Delivery } from './delivery.js';
import { FrameConnection, type FrameHandler } from './frame-connection.js';
import { endLine, FRAME, parseLine, readHello, type Hello } from './frames.js';
import {
  BATCH_CHARS,
  LARGE_CHARS,
  LINE_SLACK_BYTES,
  MISSED_HEARTBEATS,
  STREAM_VERSION,
} from './stream.constants.js';
import { StreamError, WrongPeerError } from './stream.error.js';
import { PendingTable } from './pending-table.js';
import type { OpenedStream } from './stream-opener.js';

/** What a stream tells the link that owns it. */
export interface ClientStreamOwner {
  /** The greetings are exchanged: messages can go. */
  onReady(stream: ClientStream): void;
  /** There is room for more messages. */
  onRoom(stream: ClientStream): void;
  /** The receiver is about to end: no more messages on this stream. */
  onAway(stream: ClientStream): void;
  /** Every message of an ended stream has been started by the receiver. */
  onStarted(stream: ClientStream): void;
  /** Replies came from the receiver. */
  onSign(stream: ClientStream): void;
  /** The stream is gone. */
  onClosed(stream: ClientStream, cause?: Error): void;
  /** The message is larger than the receiver takes on a stream. */
  onTooLarge(delivery: Delivery): void;
}

/** What the opening side says about itself. */
export interface ClientStreamConfig {
  heartbeat: number;
  maxBytes: number;
  maxDepth: number;
  maxInFlight: number;
  renews: boolean;
  /** What its lines that are still coming in take of the memory for that. */
  account: BodyAccount;
}

/** Values of each reply in a line of them. */
const REPLY_VALUES = 3;

/** One open stream to a peer: requests out, replies in. */
export class ClientStream implements FrameHandler {
  /** The receiver's greeting; undefined until it has come. */
  hello: Hello | undefined;
  /** True once it has brought a message its reply. */
  isProven = false;
  /** True once the receiver wants nothing more on it. */
  isAway = false;
  #pending: PendingTable<Delivery>;
  readonly #connection: FrameConnection;
  #ended = false;
  /** Since when nothing is to come any more but the receiver's end. */
  #doneAt: number | undefined;

  readonly #config: ClientStreamConfig;
  readonly #owner: ClientStreamOwner;

  constructor(
    readonly peerId: string,
    { request, response, codec }: OpenedStream,
    /** When it was asked for, on the clock of `performance.now()`. */
    readonly openedAt: number,
    config: ClientStreamConfig,
    owner: ClientStreamOwner,
  ) {
    this.#config = config;
    this.#owner = owner;
    this.#pending = new PendingTable(config.maxInFlight);
    this.#connection = new FrameConnection(
      response,
      request,
      codec === PLAIN_CODEC ? undefined : codec,
      {
        maxBytes: config.maxBytes + LINE_SLACK_BYTES,
        account: config.account,
      },
      this,
      config.heartbeat,
    );
  }

  /** Messages that wait for their replies. */
  get inFlight(): number {
    return this.#pending.size;
  }

  /** Ms after which the receiver cuts it; undefined where it does not. */
  get lifetime(): number | undefined {
    return this.hello?.lifetime;
  }

  get isOpen(): boolean {
    return (
      this.hello !== undefined && !this.#ended && !this.#connection.isClosed
    );
  }

  /** True if a message could be written now. */
  get hasRoom(): boolean {
    return this.isOpen && !this.#pending.isFull && !this.#connection.isFull;
  }

  /** Writes what waits, as far as there is room. */
  fill(queue: DeliveryQueue): void {
    while (this.hasRoom) {
      const now = performance.now();
      let line = '';
      let large: string | undefined;
      while (!large && line.length < BATCH_CHARS && !this.#pending.isFull) {
        const delivery = queue.shift();
        if (!delivery) {
          break;
        }
        const json = this.#jsonOf(delivery);
        if (json === undefined) {
          continue;
        }
        line += this.#frameHead(delivery, now);
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
    }
  }

  /** Writes no more messages; the replies that are due still come. */
  end(): void {
    if (!this.#ended) {
      this.#ended = true;
      this.#connection.endWriting();
    }
  }

  /** Gives up: what waits for replies fails. */
  break(cause: Error): void {
    this.#connection.break(cause);
  }

  beat(now: number, stalled: boolean): void {
    const { heartbeat } = this.#config;
    if (this.#ended && this.#pending.size === 0) {
      this.#doneAt = stalled ? now : (this.#doneAt ?? now);
      if (now - this.#doneAt > heartbeat * MISSED_HEARTBEATS) {
        this.break(new StreamError('the receiver does not end the stream'));
      }
    }
    this.#connection.beat(heartbeat, now, stalled);
  }

  /** Fails what is past its deadline by `now`; returns the next deadline. */
  expire(now: number, fail: (delivery: Delivery) => void): number {
    let next = Infinity;
    for (const [id, delivery] of this.#pending) {
      const { deadline } = delivery.message;
      if (delivery.settled) {
        this.#pending.take(id);
      } else if (deadline <= now) {
        this.#pending.take(id);
        fail(delivery);
      } else if (deadline < next) {
        next = deadline;
      }
    }
    return next;
  }

  onLine(line: string): void {
    if (line === '0') {
      return;
    }
    if (!this.hello) {
      this.#greet(line);
      return;
    }
    const frame = parseLine(line);
    const kind = Array.isArray(frame) ? frame[0] : undefined;
    if (kind === FRAME.replies) {
      this.#settle(frame as JsonValue[]);
    } else if (kind === FRAME.ended) {
      if (!this.#ended) {
        throw new StreamError(
          'the receiver said that all is started of a stream that goes on',
        );
      }
      this.#owner.onStarted(this);
    } else if (kind === FRAME.away && !this.isAway) {
      this.isAway = true;
      this.#owner.onAway(this);
    }
  }

  onEnd(): void {
    if (this.#ended && this.#pending.size === 0) {
      this.#connection.finish();
    } else {
      this.#connection.break(new StreamError('the receiver ended the stream'));
    }
  }

  onDrain(): void {
    this.#owner.onRoom(this);
  }

  onClose(cause?: Error): void {
    for (const [id, delivery] of this.#pending) {
      this.#pending.take(id);
      delivery.reject(new ConnectionLostError(this.peerId, { cause }));
    }
    this.#owner.onClosed(this, cause);
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
  #frameHead(delivery: Delivery, now: number): string {
    const id = this.#pending.add(delivery);
    const { head } = delivery.message;
    return `${head ? `,${head.json}` : ''},${id},${Math.ceil(delivery.message.deadline - now)},`;
  }

  #greet(line: string): void {
    const hello = readHello(line);
    if (hello.id !== undefined && hello.id !== this.peerId) {
      throw new WrongPeerError();
    }
    const { heartbeat, maxBytes, maxInFlight, renews } = this.#config;
    this.hello = hello;
    this.#connection.remoteHeartbeat = hello.heartbeat;
    this.#pending = new PendingTable(
      Math.min(maxInFlight, hello.maxInFlight ?? maxInFlight),
    );
    const own: Hello = { v: STREAM_VERSION, heartbeat, maxBytes, renews };
    this.#connection.write(`${JSON.stringify(own)}\n`);
    this.#owner.onReady(this);
  }

  #settle(frame: JsonValue[]): void {
    if (frame.length % REPLY_VALUES !== 1) {
      throw new StreamError('a line of replies has the wrong shape');
    }
    const wasFull = this.#pending.isFull;
    for (let at = 1; at < frame.length; at += REPLY_VALUES) {
      const id = frame[at];
      const status = frame[at + 1];
      if (typeof id !== 'number' || typeof status !== 'number') {
        throw new StreamError('a reply has no id or no status');
      }
      const delivery = this.#pending.take(id);
      if (delivery) {
        this.isProven = true;
        this.#settleOne(delivery, status, frame[at + 2]!);
      }
    }
    this.#owner.onSign(this);
    if (wasFull) {
      this.#owner.onRoom(this);
    }
  }

  #settleOne(delivery: Delivery, status: number, payload: JsonValue): void {
    const fault = replyFault(this.peerId, payload, this.#config.maxDepth);
    if (fault) {
      delivery.reject(fault);
    } else if (isSuccess(status)) {
      delivery.resolve(payload);
    } else {
      delivery.reject(answerError(this.peerId, status, payload));
    }
  }
}
