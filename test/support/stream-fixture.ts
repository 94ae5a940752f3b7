import { PassThrough } from 'node:stream';
import { PLAIN_CODEC } from '../../src/security/open-cloud.js';
import type { Member } from '../../src/membership/core/membership.types.js';
import {
  type OutgoingMessage,
  MessageBody,
} from '../../src/messaging/lanes/outgoing-message.js';
import type { OpenedStream } from '../../src/messaging/stream/stream-opener.js';
import { StreamRefusedError } from '../../src/messaging/stream/stream-refused.error.js';

/** Ms that a message of these tests has. */
const PATIENCE = 60_000;

/** A member that takes streams. */
export function streamMember(id = 'a', port = 1): Member {
  return {
    id,
    ip: '127.0.0.1',
    port,
    data: {},
    features: ['stream'],
    incarnation: 1,
    state: 'alive',
  };
}

/** A message to a member, with a minute from now. */
export function messageTo(id: string, body: object): OutgoingMessage {
  return {
    body: new MessageBody(body, id),
    timeout: PATIENCE,
    deadline: performance.now() + PATIENCE,
    signal: undefined,
  };
}

/** A refusal after which it is tried again soon. */
export class BriefRefusal extends StreamRefusedError {
  override get pause(): number {
    return 1;
  }
}

/** A stream without a network: what the opener gets, and the receiver's end of it. */
export class FakeStream {
  readonly opened: OpenedStream;
  /** Like a request, it is not over with its last write. */
  readonly #up = new PassThrough({ autoDestroy: false });
  readonly #down = Object.assign(new PassThrough(), {
    socket: { setTimeout: () => undefined },
  });
  #text = '';

  constructor() {
    this.#up.setEncoding('utf8');
    this.#up.on('data', (text: string) => (this.#text += text));
    this.opened = {
      request: this.#up,
      response: this.#down,
      codec: PLAIN_CODEC,
    } as unknown as OpenedStream;
  }

  /** What the opener has written so far. */
  get lines(): string[] {
    return this.#text.split('\n').slice(0, -1);
  }

  /** True once the opener writes no more. */
  get isEnded(): boolean {
    return this.#up.writableEnded;
  }

  /** Takes nothing any more of what the opener writes. */
  stopReading(): void {
    this.#up.pause();
  }

  readOn(): void {
    this.#up.resume();
  }

  /** Writes a line to the opener. */
  write(line: unknown): void {
    this.writeText(`${JSON.stringify(line)}\n`);
  }

  writeText(text: string): void {
    this.#down.write(text);
  }

  greet(heartbeat = 60_000): void {
    this.write({ v: 1, heartbeat, maxBytes: 1_000_000 });
  }

  /** Ends it as a receiver does that has started and answered everything. */
  finish(): void {
    this.write(['e']);
    this.#down.end();
  }
}
