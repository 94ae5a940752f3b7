import { isAscii, isUtf8 } from 'node:buffer';
import type { BodyAccount } from '../../../security/index.js';
import { ChunkList } from '../../../util/chunk-list.js';
import { StreamError } from './frames.js';

const NEWLINE = 0x0a;

/** Where lines are put together that come in several chunks; larger ones get memory of their own. */
const LINE_MEMORY_BYTES = 512 * 1024;
let lineMemory: Buffer | undefined;

/** Bounds on what is kept of a line whose end has not come. */
export interface LineBounds {
  maxBytes: number;
  /** What it takes of that which all that is coming in may take together. */
  account?: BodyAccount;
}

/** Cuts bytes into lines of text, with a bound on what it keeps. */
export class LineReader {
  readonly #kept = new ChunkList();
  #closed = false;

  readonly #bounds: LineBounds;
  readonly #onLine: (line: string) => void;

  constructor(bounds: LineBounds, onLine: (line: string) => void) {
    this.#bounds = bounds;
    this.#onLine = onLine;
  }

  /** True while the end of a line is still to come. */
  get isPartial(): boolean {
    return this.#kept.size > 0;
  }

  /**
   * Throws a StreamError for a line that is too long or not UTF-8, or for which there is no room, and
   * whatever `onLine` throws.
   */
  feed(chunk: Buffer): void {
    let from = 0;
    let end = chunk.indexOf(NEWLINE);
    // Most chunks are ASCII, for which Node has a faster way.
    const ascii = end !== -1 && isAscii(chunk);
    while (end !== -1) {
      this.#onLine(
        this.#kept.size === 0 && ascii
          ? chunk.toString('latin1', from, end)
          : decode(this.#join(chunk.subarray(from, end))),
      );
      from = end + 1;
      end = chunk.indexOf(NEWLINE, from);
    }
    if (from < chunk.length && !this.#closed) {
      this.#keep(from === 0 ? chunk : chunk.subarray(from));
    }
  }

  /** Forgets what it has kept, and keeps nothing any more. */
  close(): void {
    this.#closed = true;
    this.#kept.clear();
    this.#bounds.account?.close();
  }

  /** With what is kept of it, in memory that is used again for the next line: this one is text before then. */
  #join(last: Buffer): Buffer {
    if (this.#kept.size === 0) {
      return last;
    }
    this.#push(last);
    this.#bounds.account?.grow(0);
    return this.#kept.size > LINE_MEMORY_BYTES
      ? this.#kept.take()
      : this.#kept.takeInto(
          (lineMemory ??= Buffer.allocUnsafeSlow(LINE_MEMORY_BYTES)),
        );
  }

  /** Until the end of the line comes. */
  #keep(part: Buffer): void {
    this.#push(part);
    if (this.#bounds.account?.grow(this.#kept.size) === false) {
      throw new StreamError('there is no room for a line of the stream');
    }
  }

  #push(part: Buffer): void {
    const { maxBytes } = this.#bounds;
    if (this.#kept.size + part.length > maxBytes) {
      throw new StreamError(
        `a line of the stream is longer than ${maxBytes} bytes`,
      );
    }
    this.#kept.push(part);
  }
}

function decode(bytes: Buffer): string {
  if (isAscii(bytes)) {
    return bytes.toString('latin1');
  }
  if (!isUtf8(bytes)) {
    throw new StreamError('a line of the stream is not UTF-8');
  }
  return bytes.toString();
}
