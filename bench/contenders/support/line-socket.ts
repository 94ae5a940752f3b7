import type { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';

/** Lines over a socket; those of one turn of the event loop go out in one write. */
export class LineSocket {
  private out = '';
  private rest = '';
  private readonly decoder = new StringDecoder('utf8');

  constructor(
    private readonly socket: Socket,
    private readonly onLine: (line: string) => void,
  ) {
    socket.on('data', (chunk: Buffer) => this.read(chunk));
  }

  /** Takes a line without its end. */
  write(line: string): void {
    if (this.out === '') setImmediate(() => this.flush());
    this.out += `${line}\n`;
  }

  private flush(): void {
    if (!this.socket.destroyed) this.socket.write(this.out);
    this.out = '';
  }

  private read(chunk: Buffer): void {
    const text = this.rest + this.decoder.write(chunk);
    let start = 0;
    for (
      let end = text.indexOf('\n');
      end !== -1;
      end = text.indexOf('\n', start)
    ) {
      this.onLine(text.slice(start, end));
      start = end + 1;
    }
    this.rest = text.slice(start);
  }
}
