import { Duplex } from 'node:stream';
import type { InMemoryProcess } from './in-memory-process.js';

/** What sockets need of the network that they run on. */
export interface Transmission {
  /** Takes a part of a stream to another host: late, but without loss. */
  transmit(from: string, to: string, opener: string, arrive: () => void): void;
}

/**
 * One end of a connection between two processes, with as much of a `net.Socket` as streams of messages
 * use. What is written while a link is cut, or the other process stalls, arrives afterwards.
 */
export class InMemorySocket extends Duplex {
  #other!: InMemorySocket;
  #taken = 0;
  /** Called when there is room for more. */
  #onRoom: (() => void) | undefined;

  readonly #network: Transmission;
  readonly #process: InMemoryProcess;
  readonly #opener: string;

  /** @param other the other end, once that is there */
  constructor(
    network: Transmission,
    process: InMemoryProcess,
    other?: InMemorySocket,
  ) {
    super();
    this.#network = network;
    this.#process = process;
    this.#opener = (other ? other.#process : process).ip;
    if (other) {
      this.#other = other;
      other.#other = this;
    }
  }

  /** Bytes that were given to it, as with a socket of Node. */
  get bytesWritten(): number {
    return this.#taken + this.writableLength;
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  override _read(): void {
    const onRoom = this.#onRoom;
    this.#onRoom = undefined;
    onRoom?.();
  }

  override _write(
    chunk: Buffer,
    _encoding: BufferEncoding,
    written: () => void,
  ): void {
    // The memory of what was written belongs to who wrote it.
    const copy = Buffer.from(chunk);
    this.#send((other) =>
      other.#receive(copy, () => {
        this.#taken += copy.length;
        written();
      }),
    );
  }

  override _writev(
    chunks: { chunk: Buffer }[],
    written: (error?: Error | null) => void,
  ): void {
    const whole = Buffer.concat(chunks.map(({ chunk }) => chunk));
    this._write(whole, 'buffer' as BufferEncoding, written);
  }

  override _final(written: () => void): void {
    this.#send((other) => {
      if (!other.destroyed) {
        other.push(null);
      }
      written();
    });
  }

  override _destroy(
    error: Error | null,
    done: (error: Error | null) => void,
  ): void {
    const isOver = this.writableFinished && this.readableEnded;
    if (!isOver) {
      this.#send((other) => other.destroy());
    }
    this.#onRoom?.();
    done(error);
  }

  #receive(chunk: Buffer, taken: () => void): void {
    if (this.destroyed || this.push(chunk)) {
      taken();
    } else {
      this.#onRoom = taken;
    }
  }

  #send(arrive: (other: InMemorySocket) => void): void {
    const other = this.#other;
    const [from, to] = [this.#process, other.#process];
    from.clock.whenAwake(() =>
      this.#network.transmit(from.ip, to.ip, this.#opener, () =>
        to.clock.whenAwake(() => arrive(other)),
      ),
    );
  }
}
