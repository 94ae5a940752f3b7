import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Peer } from '../../membership/peer.js';
import type { StreamCodec } from '../../security/stream-security.interface.js';
import { isJsonObject, type JsonValue } from '../../wire/json.js';
import { refusal, type MessageOutcome } from '../message-outcome.js';
import {
  isDeeperThan,
  isLarger,
  mayNamePrototypes,
  namesPrototypes,
} from './body-check.js';
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
import { LINE_SLACK_BYTES, STREAM_VERSION } from './stream.constants.js';
import { StreamError } from './stream.error.js';
import { TransitClock } from './transit-clock.js';

/** What the receiving side has to know. */
export interface ServerStreamConfig {
  /** The own id. */
  id: string;
  heartbeat: number;
  maxInFlight: number;
  /** Largest body in bytes. */
  maxBytes: number;
  maxDepth: number;
  /** Ms after which the opener has to replace the stream; undefined where it need not. */
  lifetime: number | undefined;
  /** Runs the handler of a message. */
  run(body: JsonValue, sender: Peer): MessageOutcome | Promise<MessageOutcome>;
}

/** What a stream tells the acceptor that keeps it. */
export interface ServerStreamOwner {
  /** The opener has said who it is; it replaces none of its streams unless it `renews` one. */
  onGreeted(stream: ServerStream, renews: boolean): void;
  onClosed(stream: ServerStream): void;
}

/** What a line as a whole makes possible, and has to be looked for in each of its bodies. */
interface Suspicion {
  /** A key by which prototypes are changed. */
  names: boolean;
  /** A body that is too large. */
  size: boolean;
}

const TOO_LARGE = refusal(413, 'the body is too large', 'BODY_TOO_LARGE');
const BAD_BODY = refusal(400, 'a message is a JSON object', 'INVALID_BODY');
const TOO_DEEP = refusal(400, 'the body is nested too deep', 'INVALID_JSON');
const BAD_KEYS = refusal(
  400,
  'the body has a key by which prototypes are changed',
  'INVALID_JSON',
);

/** One stream that a peer has opened to this one: requests in, replies out. */
export class ServerStream implements FrameHandler {
  private readonly connection: FrameConnection;
  private readonly replies: ReplyBatch;
  private readonly transit = new TransitClock();
  private greeted = false;
  private running = 0;
  private ended = false;
  private paused = false;

  constructor(
    readonly sender: Peer,
    streams: { incoming: IncomingMessage; outgoing: ServerResponse },
    codec: StreamCodec | undefined,
    private readonly config: ServerStreamConfig,
    private readonly owner: ServerStreamOwner,
  ) {
    this.connection = new FrameConnection(
      streams.incoming,
      streams.outgoing,
      codec,
      config.maxBytes + LINE_SLACK_BYTES,
      this,
      config.heartbeat,
    );
    this.replies = new ReplyBatch((line) => this.write(line));
    const { id, heartbeat, maxBytes, maxInFlight, lifetime } = config;
    const hello: Hello = {
      v: STREAM_VERSION,
      id,
      heartbeat,
      maxBytes,
      maxInFlight,
      ...(lifetime !== undefined && { lifetime }),
    };
    this.connection.write(`${JSON.stringify(hello)}\n`);
  }

  /** Asks the opener to send no more; what is under way is finished. */
  drain(): void {
    this.connection.write(AWAY_LINE);
  }

  break(cause: Error): void {
    this.connection.break(cause);
  }

  beat(now: number, stalled: boolean): void {
    this.connection.beat(this.config.heartbeat, now, stalled);
  }

  onLine(line: string): void {
    if (line === '0') {
      return;
    }
    if (!this.greeted) {
      this.greet(line);
      return;
    }
    const frame = parseLine(line);
    if (Array.isArray(frame) && frame[0] === FRAME.requests) {
      this.take(frame, {
        names: mayNamePrototypes(line),
        size: isLarger(line, this.config.maxBytes),
      });
    }
  }

  onEnd(): void {
    this.ended = true;
    this.replies.flush();
    this.connection.write(ENDED_LINE);
    this.finishIfDone();
  }

  onDrain(): void {
    this.updateFlow();
  }

  onClose(): void {
    this.owner.onClosed(this);
  }

  private greet(line: string): void {
    const { heartbeat, maxBytes, renews } = readHello(line);
    this.greeted = true;
    this.connection.remoteHeartbeat = heartbeat;
    this.replies.maxBytes = maxBytes;
    this.owner.onGreeted(this, renews === true);
  }

  /** Starts the handlers of a line of requests, in their order. */
  private take(frame: JsonValue[], suspicion: Suspicion): void {
    const [, clock] = frame;
    if (typeof clock !== 'number' || frame.length % 3 !== 2) {
      throw new StreamError('a line of requests has the wrong shape');
    }
    let now = performance.now();
    const sentAt = now - this.transit.delayOf(clock, now);
    for (let at = 2; at < frame.length; at += 3) {
      const id = frame[at];
      const time = frame[at + 1];
      if (typeof id !== 'number' || typeof time !== 'number') {
        throw new StreamError('a request has no id or no time');
      }
      // Nobody waits any more for what is past its time.
      if (now - sentAt < time) {
        this.start(id, frame[at + 2]!, suspicion);
        now = performance.now();
      }
    }
    this.updateFlow();
  }

  private start(id: number, body: JsonValue, suspicion: Suspicion): void {
    const outcome =
      this.fault(body, suspicion) ?? this.config.run(body, this.sender);
    if (outcome instanceof Promise) {
      this.running++;
      void outcome.then((settled) => this.finish(id, settled));
    } else {
      this.replies.add(id, outcome);
    }
  }

  private finish(id: number, outcome: MessageOutcome): void {
    this.running--;
    this.replies.add(id, outcome);
    if (this.paused) {
      this.updateFlow();
    }
    if (this.ended) {
      this.finishIfDone();
    }
  }

  private fault(
    body: JsonValue,
    { names, size }: Suspicion,
  ): MessageOutcome | undefined {
    if (!isJsonObject(body)) {
      return BAD_BODY;
    }
    if (isDeeperThan(body, this.config.maxDepth)) {
      return TOO_DEEP;
    }
    if (size && isLarger(JSON.stringify(body), this.config.maxBytes)) {
      return TOO_LARGE;
    }
    return names && namesPrototypes(body) ? BAD_KEYS : undefined;
  }

  private write(line: string): void {
    this.connection.write(line);
    this.updateFlow();
  }

  /** Requests are read only as fast as they are worked on, and as replies are taken. */
  private updateFlow(): void {
    const hold =
      this.running >= this.config.maxInFlight || this.connection.isFull;
    if (hold !== this.paused) {
      this.paused = hold;
      if (hold) {
        this.connection.pause();
      } else {
        this.connection.resume();
      }
    }
  }

  private finishIfDone(): void {
    if (this.running === 0) {
      this.replies.flush();
      this.connection.finish();
    }
  }
}
