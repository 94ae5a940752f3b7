import { PassThrough } from 'node:stream';
import { PLAIN_CODEC } from '../../src/security/plain-stream.js';
import type { OpenedStream } from '../../src/messaging/stream/stream-opener.js';

/** A stream without a network: what the opener gets, and the receiver's end of it. */
export class FakeStream {
  readonly opened: OpenedStream;
  private readonly up = new PassThrough();
  private readonly down = Object.assign(new PassThrough(), {
    socket: { setTimeout: () => undefined },
  });
  private text = '';

  constructor() {
    this.up.setEncoding('utf8');
    this.up.on('data', (text: string) => (this.text += text));
    this.opened = {
      request: this.up,
      response: this.down,
      codec: PLAIN_CODEC,
    } as unknown as OpenedStream;
  }

  /** What the opener has written so far. */
  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }

  /** True once the opener writes no more. */
  get isEnded(): boolean {
    return this.up.writableEnded;
  }

  /** Takes nothing any more of what the opener writes. */
  stopReading(): void {
    this.up.pause();
  }

  readOn(): void {
    this.up.resume();
  }

  /** Writes a line to the opener. */
  write(line: unknown): void {
    this.down.write(`${JSON.stringify(line)}\n`);
  }

  greet(heartbeat = 60_000): void {
    this.write({ v: 1, heartbeat, maxBytes: 1_000_000 });
  }

  /** Ends it as a receiver does that has started and answered everything. */
  finish(): void {
    this.write(['e']);
    this.down.end();
  }
}
