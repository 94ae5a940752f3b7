import { isAscii, isUtf8 } from 'node:buffer';
import { ChunkList } from '../../wire/chunk-list.js';
import { StreamError } from './stream.error.js';

const NEWLINE = 0x0a;

/** Where lines are put together that come in several chunks; larger ones get memory of their own. */
const LINE_MEMORY_BYTES = 512 * 1024;
let lineMemory: Buffer | undefined;

/** Cuts bytes into lines of text, with a bound on what it keeps. */
export class LineReader {
  private readonly kept = new ChunkList();

  constructor(
    private readonly maxBytes: number,
    private readonly onLine: (line: string) => void,
  ) {}

  /** Throws a StreamError for a line that is too long or not UTF-8, and whatever `onLine` throws. */
  feed(chunk: Buffer): void {
    let from = 0;
    let end = chunk.indexOf(NEWLINE);
    while (end !== -1) {
      const line = chunk.subarray(from, end);
      this.onLine(decode(this.kept.size === 0 ? line : this.join(line)));
      from = end + 1;
      end = chunk.indexOf(NEWLINE, from);
    }
    if (from < chunk.length) {
      this.keep(from === 0 ? chunk : chunk.subarray(from));
    }
  }

  /** In memory that is used again for the next line: this one is text before then. */
  private join(last: Buffer): Buffer {
    this.keep(last);
    return this.kept.size > LINE_MEMORY_BYTES
      ? this.kept.take()
      : this.kept.takeInto(
          (lineMemory ??= Buffer.allocUnsafeSlow(LINE_MEMORY_BYTES)),
        );
  }

  private keep(part: Buffer): void {
    if (this.kept.size + part.length > this.maxBytes) {
      throw new StreamError(
        `a line of the stream is longer than ${this.maxBytes} bytes`,
      );
    }
    this.kept.push(part);
  }
}

/** Most lines are ASCII, for which Node has a faster way. */
function decode(bytes: Buffer): string {
  if (isAscii(bytes)) {
    return bytes.toString('latin1');
  }
  if (!isUtf8(bytes)) {
    throw new StreamError('a line of the stream is not UTF-8');
  }
  return bytes.toString();
}
