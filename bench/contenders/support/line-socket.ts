import type { Socket } from 'node:net';

const LINE_END = 0x0a;

/** Lines over a socket; those of one turn of the event loop go out in one write. */
export class LineSocket {
  #out = '';
  /** The beginning of a line whose end has not come yet. */
  #rest: Buffer[] = [];

  readonly #socket: Socket;
  readonly #onLine: (line: string) => void;

  constructor(socket: Socket, onLine: (line: string) => void) {
    this.#socket = socket;
    this.#onLine = onLine;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  /** Takes a line without its end. */
  write(line: string): void {
    if (this.#out === '') {
      setImmediate(() => this.#flush());
    }
    this.#out += `${line}\n`;
  }

  #flush(): void {
    if (!this.#socket.destroyed) {
      this.#socket.write(this.#out);
    }
    this.#out = '';
  }

  #read(chunk: Buffer): void {
    const end = chunk.lastIndexOf(LINE_END);
    if (end === -1) {
      this.#rest.push(chunk);
      return;
    }
    const whole = chunk.subarray(0, end);
    const lines =
      this.#rest.length === 0 ? whole : Buffer.concat([...this.#rest, whole]);
    this.#rest = end + 1 < chunk.length ? [chunk.subarray(end + 1)] : [];
    for (const line of lines.toString().split('\n')) {
      this.#onLine(line);
    }
  }
}
