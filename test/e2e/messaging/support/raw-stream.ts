import {
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
} from 'node:http';
import { until } from '../../../support/until.js';

/** A stream opened by hand, to write whatever the test wants. */
export class RawStream {
  readonly lines: string[] = [];
  closed = false;

  private constructor(
    readonly request: ClientRequest,
    readonly response: IncomingMessage,
  ) {
    let rest = '';
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      this.lines.push(...lines);
    });
    response.on('error', () => undefined);
    response.on('close', () => (this.closed = true));
    request.on('error', () => (this.closed = true));
  }

  /** Opens a stream; the answer may have any status. */
  static open(
    port: number,
    headers: Record<string, string>,
  ): Promise<RawStream> {
    return new Promise((resolve, reject) => {
      const request = httpRequest({
        method: 'POST',
        host: '127.0.0.1',
        port,
        path: '/stream',
        agent: false,
        headers: { 'content-type': 'application/x-ndjson', ...headers },
      });
      request.once('error', reject);
      request.once('response', (response) => {
        request.off('error', reject);
        resolve(new RawStream(request, response));
      });
      request.flushHeaders();
    });
  }

  get status(): number {
    return this.response.statusCode!;
  }

  /** Replies that have come. */
  get replies(): number {
    return this.lines
      .filter((line) => line.startsWith('["r"'))
      .map((line) => (JSON.parse(line) as unknown[]).length)
      .reduce((sum, length) => sum + (length - 1) / 3, 0);
  }

  /** Writes each as a line; what is no string, as JSON. */
  write(...lines: unknown[]): void {
    for (const line of lines) {
      const text = typeof line === 'string' ? line : JSON.stringify(line);
      this.request.write(`${text}\n`);
    }
  }

  /** Waits for a line that matches. */
  async line(match: (value: unknown) => boolean): Promise<unknown> {
    const found = await until(() => {
      const values = this.lines.map((line) => JSON.parse(line) as unknown);
      const value = values.find(match);
      return value === undefined ? undefined : { value };
    });
    return found.value;
  }

  /** Waits for the reply to a request; resolves to `[status, payload]`. */
  async reply(id: number): Promise<[number, unknown]> {
    let reply: [number, unknown] | undefined;
    await this.line((value) => {
      const frame = value as unknown[];
      const at = frame[0] === 'r' ? frame.indexOf(id, 1) : -1;
      if (at > 0) {
        reply = [frame[at + 1] as number, frame[at + 2]];
      }
      return at > 0;
    });
    return reply!;
  }

  close(): void {
    this.request.destroy();
  }
}
