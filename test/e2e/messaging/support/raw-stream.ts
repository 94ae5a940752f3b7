import {
  request as httpRequest,
  type ClientRequest,
  type IncomingHttpHeaders,
} from 'node:http';
import type { Socket } from 'node:net';
import { json } from 'node:stream/consumers';
import { until } from '../../../support/until.js';

/** A stream opened by hand, to write whatever the test wants. */
export class RawStream {
  readonly lines: string[] = [];
  closed = false;

  private constructor(
    readonly status: number,
    readonly headers: IncomingHttpHeaders,
    readonly socket: Socket,
    head: Buffer,
  ) {
    let rest = '';
    const read = (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      this.lines.push(...lines);
    };
    read(head.toString());
    socket.setEncoding('utf8');
    socket.on('data', read);
    socket.on('error', () => undefined);
    socket.on('close', () => (this.closed = true));
  }

  /** Asks for a stream; the answer may have any status. */
  static open(
    port: number,
    headers: Record<string, string>,
  ): Promise<RawStream> {
    return new Promise((resolve, reject) => {
      const request = ask(port, headers);
      request.once('error', reject);
      request.once('upgrade', (answer, socket, head) =>
        resolve(new RawStream(101, answer.headers, socket as Socket, head)),
      );
      request.once('response', (answer) => {
        const { statusCode, headers: answered, socket } = answer;
        answer.resume();
        resolve(new RawStream(statusCode!, answered, socket, Buffer.alloc(0)));
      });
      request.end();
    });
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
      this.socket.write(`${text}\n`);
    }
  }

  /** Says that no more requests come. */
  end(): void {
    this.write(['e']);
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
    this.socket.destroy();
  }
}

/** What somebody gets who asks for a stream, and does not get one. */
export function refusalOf(
  port: number,
  headers: Record<string, string>,
): Promise<{
  status: number;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
}> {
  return new Promise((resolve, reject) => {
    const request = ask(port, headers);
    request.once('error', reject);
    request.once('upgrade', () => reject(new Error('the stream was opened')));
    request.once('response', (answer) => {
      json(answer).then(
        (body) =>
          resolve({
            status: answer.statusCode!,
            headers: answer.headers,
            body: body as Record<string, unknown>,
          }),
        reject,
      );
    });
    request.end();
  });
}

function ask(port: number, headers: Record<string, string>): ClientRequest {
  return httpRequest({
    host: '127.0.0.1',
    port,
    path: '/stream',
    agent: false,
    headers: { connection: 'Upgrade', upgrade: 'peercloud/1', ...headers },
  });
}
