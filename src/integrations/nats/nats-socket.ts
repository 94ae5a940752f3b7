import { Duplex } from 'node:stream';
import type { TransportSocket } from '../../index.js';
import { lostOnTheWay } from './nats.messages.js';

/** What a part of a stream is. */
const DATA = 0;
const CREDIT = 1;
const END = 2;
const RESET = 3;

/** Kind, and the number of the part among those of its side. */
const HEAD_BYTES = 5;
const NUMBERS = 2 ** 32;

/** Bytes that one side may have sent and the other not have taken. */
const WINDOW = 1024 * 1024;

/** Bytes that have been taken when the other side is told. */
const TELL = WINDOW / 4;

/** Most bytes in one part, so that others come in between. */
const MAX_PART = 128 * 1024;

/** Says that the socket of that name is no more. */
export const RESET_PART = Buffer.from([RESET, 0, 0, 0, 0]);

/** What a socket needs of its link. */
export interface SocketWire {
  /** Most bytes of one part, its head included. */
  readonly maxBytes: number;
  /** Sends a part to the other end; false while there is no connection. */
  send(part: Uint8Array): boolean;
  /** It is over, once. */
  onClose(): void;
}

/**
 * One end of a stream over two subjects, one for each direction. The parts have numbers: NATS delivers each
 * one at most once and those of one sender in order, so that a gap is a loss, and ends the stream at both
 * sides. A side sends what the other has room for.
 */
export class NatsSocket extends Duplex implements TransportSocket {
  #sent = 0;
  #received = 0;
  #published = 0;
  /** Bytes that the other side takes for now. */
  #credit = WINDOW;
  /** What waits for credit, and who for that. */
  #rest: Buffer | undefined;
  #onWritten: ((error?: Error | null) => void) | undefined;
  /** Bytes that have come and count as not taken; they are when the reader wants more. */
  #unread = 0;
  #taken = 0;

  readonly #wire: SocketWire;

  constructor(wire: SocketWire) {
    super();
    this.#wire = wire;
  }

  /** Bytes that were given to it, as with a socket of Node. */
  get bytesWritten(): number {
    return this.#published + this.writableLength;
  }

  /** A part has come. */
  receive(part: Buffer): void {
    if (this.destroyed) {
      return;
    }
    const kind = part[0];
    if (part.length < HEAD_BYTES || kind === RESET) {
      this.#lose('the other side has closed the stream');
      return;
    }
    if (part.readUInt32BE(1) !== this.#received) {
      this.#lose('a part of the stream was lost');
      return;
    }
    this.#received = (this.#received + 1) % NUMBERS;
    const body = part.subarray(HEAD_BYTES);
    if (kind === DATA) {
      this.#take(body);
    } else if (kind === CREDIT && body.length === 4) {
      this.#credit += body.readUInt32BE();
      this.#writeRest();
    } else if (kind === END) {
      this.push(null);
    }
  }

  /** The way to the other side is gone. */
  lose(): void {
    this.#lose(lostOnTheWay);
  }

  override _read(): void {
    if (this.#unread > 0) {
      const bytes = this.#unread;
      this.#unread = 0;
      this.#grant(bytes);
    }
  }

  override _write(
    chunk: Buffer,
    _encoding: BufferEncoding,
    written: (error?: Error | null) => void,
  ): void {
    this.#rest = chunk;
    this.#onWritten = written;
    this.#writeRest();
  }

  override _writev(
    chunks: { chunk: Buffer }[],
    written: (error?: Error | null) => void,
  ): void {
    const whole = Buffer.concat(chunks.map(({ chunk }) => chunk));
    this._write(whole, 'buffer' as BufferEncoding, written);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#send(END);
    done();
  }

  override _destroy(
    error: Error | null,
    done: (error: Error | null) => void,
  ): void {
    if (!this.writableFinished || !this.readableEnded) {
      this.#wire.send(RESET_PART);
    }
    this.#wire.onClose();
    this.#rest = undefined;
    this.#onWritten = undefined;
    done(error);
  }

  #take(body: Buffer): void {
    if (this.#unread + body.length > WINDOW + MAX_PART) {
      this.#lose('the other side sends more than there is room for');
    } else if (this.push(body)) {
      this.#grant(body.length);
    } else {
      this.#unread += body.length;
    }
  }

  #grant(bytes: number): void {
    this.#taken += bytes;
    if (this.#taken >= TELL && !this.destroyed) {
      const credit = Buffer.alloc(4);
      credit.writeUInt32BE(this.#taken);
      this.#taken = 0;
      this.#send(CREDIT, credit);
    }
  }

  #writeRest(): void {
    while (this.#rest && this.#credit > 0) {
      const rest = this.#rest;
      const size = Math.min(
        rest.length,
        this.#credit,
        MAX_PART,
        this.#wire.maxBytes - HEAD_BYTES,
      );
      this.#credit -= size;
      this.#published += size;
      this.#send(DATA, rest.subarray(0, size));
      this.#rest = size < rest.length ? rest.subarray(size) : undefined;
    }
    if (!this.#rest && this.#onWritten) {
      const written = this.#onWritten;
      this.#onWritten = undefined;
      written();
    }
  }

  #send(kind: number, body?: Buffer): void {
    const part = Buffer.allocUnsafe(HEAD_BYTES + (body?.length ?? 0));
    part[0] = kind;
    part.writeUInt32BE(this.#sent, 1);
    // The memory of what is written belongs to who writes it.
    body?.copy(part, HEAD_BYTES);
    this.#sent = (this.#sent + 1) % NUMBERS;
    if (!this.#wire.send(part)) {
      this.lose();
    }
  }

  #lose(why: string): void {
    this.destroy(new Error(why));
  }
}
