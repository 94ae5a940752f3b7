import type { IncomingMessage, OutgoingMessage } from 'node:http';
import type { StreamCodec } from '../../security/index.js';
import type { Text } from '../../util/text-parts.js';
import { ChunkWriter } from './chunk-writer.js';
import { HEARTBEAT_LINE } from './frames.js';
import { LineReader, type LineBounds } from './line-reader.js';
import { MISSED_HEARTBEATS } from './stream.constants.js';
import { StreamError } from './stream.error.js';
import { atTurnEnd } from './turn-end.js';

/** Who reads a stream's lines. */
export interface FrameHandler {
  /** A line; what it throws breaks the stream. */
  onLine(line: string): void;
  /** The other side writes no more. */
  onEnd(): void;
  /** What was written has gone out: there is room again. */
  onDrain(): void;
  /** The stream is over, once; `cause` where it broke. */
  onClose(cause?: Error): void;
}

/** The two directions of one long request: lines in, lines out, heartbeats, and one end. */
export class FrameConnection {
  readonly #lines: LineReader;
  readonly #writer: ChunkWriter;
  #readAt = performance.now();
  #writtenAt = performance.now();
  /** What the other side had taken at the last beat. */
  #taken = 0;
  #paused = false;
  /** No more lines, in or out. */
  #closed = false;
  #over = false;

  readonly #readable: IncomingMessage;
  readonly #codec: StreamCodec | undefined;
  readonly #handler: FrameHandler;

  constructor(
    readable: IncomingMessage,
    message: OutgoingMessage,
    codec: StreamCodec | undefined,
    bounds: LineBounds,
    handler: FrameHandler,
    /** Ms within which the other side gives a sign; its greeting says it. */
    public remoteHeartbeat: number,
  ) {
    this.#readable = readable;
    this.#codec = codec;
    this.#handler = handler;
    this.#lines = new LineReader(bounds, (line) => this.#handle(line));
    this.#writer = new ChunkWriter(
      message,
      codec,
      () => this.#closed || handler.onDrain(),
    );
    readable.on('data', (chunk: Buffer) => this.#read(chunk));
    readable.once('end', () => this.#closed || handler.onEnd());
    readable.on('error', (error) => this.break(error));
    readable.once('close', () => this.#readClosed());
    message.on('error', (error) => this.break(error));
    message.once('close', () => this.break(closedError()));
    readable.socket.setTimeout(0);
  }

  /** True while the socket has as much to send as it may have. */
  get isFull(): boolean {
    return this.#writer.isFull;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Writes lines, each with its newline. */
  write(lines: Text): void {
    if (this.#closed) {
      return;
    }
    this.#writtenAt = performance.now();
    this.#writer.write(lines);
  }

  /** Writes no more; the other side may still. */
  endWriting(): void {
    this.#writer.end();
  }

  /** Reads no more for now. */
  pause(): void {
    if (!this.#paused) {
      this.#paused = true;
      this.#readable.pause();
    }
  }

  resume(): void {
    if (this.#paused) {
      this.#paused = false;
      this.#readAt = performance.now();
      this.#readable.resume();
    }
  }

  /** Ends both directions in order, when everything is said; the stream is over when that has gone out. */
  finish(): void {
    this.#closed = true;
    this.#writer.end(() => this.#close());
    this.#readable.resume();
  }

  /** Breaks the stream at once. */
  break(cause: Error): void {
    this.#close(cause);
    this.#writer.destroy();
    this.#readable.destroy();
  }

  /**
   * Gives a sign where none was given for an interval, and gives the stream up where none came. To be
   * called about twice an interval; `stalled` after a pause of this process, whose missing signs prove nothing.
   */
  beat(interval: number, now: number, stalled: boolean): void {
    if (now - this.#writtenAt >= interval / 2) {
      this.write(HEARTBEAT_LINE);
    }
    if (stalled || this.#isExcused()) {
      this.#readAt = now;
    } else if (this.#isSilent(now)) {
      // After a pause that was too short to count, signs may wait in the socket: it is read first.
      atTurnEnd(() => {
        if (this.#isSilent(now)) {
          this.break(
            new StreamError('no sign of the other side of the stream'),
          );
        }
      });
    }
  }

  #isSilent(now: number): boolean {
    return now - this.#readAt > this.remoteHeartbeat * MISSED_HEARTBEATS;
  }

  /**
   * True where silence proves nothing: the other side has ended its direction, or its signs are not read.
   * What tells then is whether it takes what is written, if there is more than the system takes for it.
   */
  #isExcused(): boolean {
    const { taken } = this.#writer;
    const takes = taken > this.#taken || !this.#writer.isFull;
    this.#taken = taken;
    return takes && (this.#readable.readableEnded || this.#paused);
  }

  #read(chunk: Buffer): void {
    if (this.#closed) {
      return;
    }
    this.#readAt = performance.now();
    try {
      if (this.#codec) {
        for (const part of this.#codec.open(chunk)) {
          this.#lines.feed(part);
        }
      } else {
        this.#lines.feed(chunk);
      }
    } catch (error) {
      this.break(error as Error);
    }
  }

  /** A direction that closes after its end has only done what it had to. */
  #readClosed(): void {
    if (!this.#readable.readableEnded) {
      this.break(closedError());
    }
  }

  /** The rest of a chunk is not looked at after a line that broke the stream. */
  #handle(line: string): void {
    if (!this.#closed) {
      this.#handler.onLine(line);
    }
  }

  /** A connection that breaks after everything was said is no failure. */
  #close(cause?: Error): void {
    if (!this.#over) {
      const failure = this.#closed ? undefined : cause;
      this.#over = true;
      this.#closed = true;
      this.#writer.release();
      this.#lines.close();
      this.#handler.onClose(failure);
    }
  }
}

function closedError(): StreamError {
  return new StreamError('the connection was closed');
}
