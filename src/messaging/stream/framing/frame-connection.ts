import type { Duplex } from 'node:stream';
import type { StreamCodec } from '../../../security/index.js';
import { textBytes, writeText, type Text } from '../../../util/text-parts.js';
import { takePiece, type Piece } from '../../../util/write-memory.js';
import { ASK, SIGN, StreamError } from './frames.js';
import { LineReader, type LineBounds } from './line-reader.js';
import { BEATS, atTurnEnd } from './timing.js';

/**
 * Bytes that are given to a socket ahead of its speed, or its high-water mark where that is more; the
 * rest waits here, where it can still go another way.
 */
const SOCKET_BYTES = 128 * 1024;

/** Heartbeats that may be missing before a stream is given up. */
const MISSED_HEARTBEATS = 3;

/** Ms between signs for a side whose long line is still coming in: it could take silence for a dead connection. */
const PROGRESS_SIGNS = 250;

/** Ms that the other side has for its own end after the last line, before the socket is closed on it. */
const LINGER = 2000;

/** A socket of Node, or what stands for one on another network. */
export interface StreamSocket extends Duplex {
  readonly bytesWritten: number;
  setTimeout?(ms: number): unknown;
  setNoDelay?(isOn: boolean): unknown;
}

/** A socket after its handshake, and the bytes of its other side that came with that. */
export interface OpenSocket {
  socket: StreamSocket;
  head: Buffer;
  /** In a signed cloud: what seals and opens each direction. */
  codec: StreamCodec | undefined;
}

/** Who reads a stream's lines. */
export interface FrameHandler {
  /** A line other than the signs of life; what it throws breaks the stream. */
  onLine(line: string): void;
  /** All lines of a chunk have been read. */
  onRead?(): void;
  /** The other side has closed its direction. */
  onEnd(): void;
  /** What was written has gone out: there is room again. */
  onDrain(): void;
  /** The stream is over, once; `cause` where it broke. */
  onClose(cause?: Error): void;
}

/** The socket of a stream: lines in, lines out, signs of life, and one end. */
export class FrameConnection {
  /** Ms within which the other side gives a sign; its greeting says it. */
  remoteHeartbeat: number;
  readonly #lines: LineReader;
  /** Bytes with which the socket is full: no fewer than those after which Node says when they are out. */
  readonly #room: number;
  #readAt = performance.now();
  #writtenAt = performance.now();
  /** What the other side had taken at the last beat. */
  #taken = 0;
  #paused = false;
  /** True while the other side waits for a sign that it has asked for. */
  #asked = false;
  /** No more lines, in or out. */
  #closed = false;
  #over = false;

  readonly #socket: StreamSocket;
  readonly #codec: StreamCodec | undefined;
  readonly #handler: FrameHandler;

  constructor(
    { socket, head, codec }: OpenSocket,
    bounds: LineBounds,
    handler: FrameHandler,
    remoteHeartbeat: number,
  ) {
    this.#socket = socket;
    this.#codec = codec;
    this.#handler = handler;
    this.remoteHeartbeat = remoteHeartbeat;
    this.#room = Math.max(SOCKET_BYTES, socket.writableHighWaterMark);
    this.#lines = new LineReader(bounds, (line) => this.#handle(line));
    // What the HTTP server or client had set for its own requests.
    socket.setTimeout?.(0);
    socket.setNoDelay?.(true);
    socket.on('data', this.#read);
    socket.on('drain', () => this.#closed || handler.onDrain());
    socket.once('end', () => this.#closed || handler.onEnd());
    socket.on('error', (error) => this.break(error));
    socket.once('close', () =>
      this.break(new StreamError('the connection was closed')),
    );
    if (head.length > 0) {
      // In a turn of its own: who makes the connection does not have it yet.
      process.nextTick(this.#read, head);
    }
  }

  /** True while the socket has as much to send as it may have. */
  get isFull(): boolean {
    return this.#socket.writableLength >= this.#room;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** When something was last read, on the clock of `performance.now()`. */
  get readAt(): number {
    return this.#readAt;
  }

  /** Writes lines, each with its newline. */
  write(lines: Text): void {
    if (this.#closed) {
      return;
    }
    this.#writtenAt = performance.now();
    if (this.#codec || typeof lines !== 'string') {
      const { bytes, release } = pieceOf(lines, this.#codec);
      this.#socket.write(bytes, release);
      if (this.#codec?.isLow) {
        // The other side is at work then.
        atTurnEnd(this.#prepare);
      }
    } else {
      // ASCII, which most lines are, is written faster as Latin-1.
      const isAscii = Buffer.byteLength(lines) === lines.length;
      this.#socket.write(lines, isAscii ? 'latin1' : 'utf8');
    }
  }

  /** Asks the other side for a sign of life. */
  ask(): void {
    this.write(`${ASK}\n`);
  }

  /** Reads no more for now. */
  pause(): void {
    if (!this.#paused) {
      this.#paused = true;
      this.#socket.pause();
    }
  }

  resume(): void {
    if (this.#paused) {
      this.#paused = false;
      this.#readAt = performance.now();
      this.#socket.resume();
    }
  }

  /** Gives a sign of life to who waits for one while this side does not read. */
  signIfPaused(): void {
    if (this.#paused) {
      this.write(`${SIGN}\n`);
    }
  }

  /** Ends the stream in order, when everything is said; it is over when that has gone out. */
  finish(): void {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    const socket = this.#socket;
    const timer = setTimeout(() => socket.destroy(), LINGER).unref();
    socket.once('close', () => clearTimeout(timer));
    socket.end(() => this.#close());
    socket.resume();
  }

  /** Breaks the stream at once. */
  break(cause: Error): void {
    this.#close(cause);
    this.#socket.destroy();
  }

  /**
   * Gives a sign where the next beat would be too late for it, and gives the stream up where none came;
   * `stalled` after a pause of this process, whose missing signs prove nothing.
   */
  beat(interval: number, now: number, stalled: boolean): void {
    if (now - this.#writtenAt >= interval - interval / BEATS) {
      this.write(`${SIGN}\n`);
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
   * True where silence proves nothing, because signs are not read. What tells then is whether the other
   * side takes what is written, if there is more than the system takes for it.
   */
  #isExcused(): boolean {
    const { bytesWritten, writableLength } = this.#socket;
    const taken = bytesWritten - writableLength;
    const takes = taken > this.#taken || !this.isFull;
    this.#taken = taken;
    return takes && this.#paused;
  }

  readonly #read = (chunk: Buffer): void => {
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
      this.#handler.onRead?.();
    } catch (error) {
      this.break(error as Error);
    }
    this.#sign();
  };

  readonly #prepare = (): void => {
    if (!this.#closed) {
      this.#codec?.prepare();
    }
  };

  /** Says that this side is there, where the other one wants to know. */
  #sign(): void {
    const isDue =
      this.#asked ||
      (this.#lines.isPartial &&
        this.#readAt - this.#writtenAt > PROGRESS_SIGNS);
    this.#asked = false;
    // Who takes nothing gets no signs on top of it.
    if (isDue && !this.isFull) {
      this.write(`${SIGN}\n`);
    }
  }

  /** The rest of a chunk is not looked at after a line that broke the stream. */
  #handle(line: string): void {
    if (line === ASK) {
      this.#asked = true;
    } else if (line !== SIGN && !this.#closed) {
      this.#handler.onLine(line);
    }
  }

  /** A connection that breaks after everything was said is no failure. */
  #close(cause?: Error): void {
    if (!this.#over) {
      const failure = this.#closed ? undefined : cause;
      this.#over = true;
      this.#closed = true;
      this.#lines.close();
      this.#handler.onClose(failure);
    }
  }
}

/** Bytes of what is sealed, or has large parts, in memory that is used again. */
function pieceOf(text: Text, codec: StreamCodec | undefined): Piece {
  if (!codec) {
    const piece = takePiece(textBytes(text));
    writeText(text, piece.bytes, 0);
    return piece;
  }
  let piece: Piece;
  codec.seal(text, (size) => {
    piece = takePiece(size);
    return piece.bytes;
  });
  return piece!;
}
