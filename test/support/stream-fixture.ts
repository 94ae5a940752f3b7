import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import type { Member } from '../../src/membership/core/membership.types.js';
import {
  MessageBody,
  type OutgoingMessage,
} from '../../src/messaging/lanes/index.js';
import type { OpenSocket } from '../../src/messaging/stream/framing/index.js';
import { StreamRefusedError } from '../../src/messaging/stream/sender/stream-dialer.js';

/** Ms that a message of these tests has. */
const PATIENCE = 60_000;

/** A member that takes streams. */
export function streamMember(id = 'a', port = 1): Member {
  return {
    id,
    ip: '127.0.0.1',
    port,
    data: {},
    features: ['upgrade'],
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
  readonly opened: OpenSocket;
  readonly #socket: FakeSocket;

  constructor() {
    this.#socket = new FakeSocket();
    this.opened = {
      socket: this.#socket as unknown as Socket,
      head: Buffer.alloc(0),
      codec: undefined,
    };
  }

  /** What the opener has written so far. */
  get lines(): string[] {
    return this.#socket.text.split('\n').slice(0, -1);
  }

  /** True once the opener writes no more requests. */
  get isEnded(): boolean {
    return this.lines.includes('["e"]');
  }

  /** Takes nothing any more of what the opener writes. */
  stopReading(): void {
    this.#socket.isStopped = true;
  }

  /** Gives no signs of life any more to an opener that asks. */
  fallSilent(): void {
    this.#socket.isSilent = true;
  }

  readOn(): void {
    this.#socket.isStopped = false;
    this.#socket.takeNext();
  }

  /** Writes a line to the opener. */
  write(line: unknown): void {
    this.writeText(`${JSON.stringify(line)}\n`);
  }

  writeText(text: string): void {
    this.#socket.push(text);
  }

  /** @param more what it says beside the usual */
  greet(heartbeat = 60_000, more: object = {}): void {
    this.write({ v: 1, heartbeat, maxBytes: 1_000_000, ...more });
  }

  /** Ends it as a receiver does that has started and answered everything. */
  finish(): void {
    this.write(['e']);
    this.#socket.push(null);
  }
}

/** The opener's socket. */
class FakeSocket extends Duplex {
  text = '';
  isStopped = false;
  isSilent = false;
  bytesWritten = 0;
  #taken: (() => void) | undefined;

  setTimeout(): void {}

  setNoDelay(): void {}

  override _read(): void {}

  override _write(chunk: Buffer, _: BufferEncoding, taken: () => void): void {
    this.bytesWritten += chunk.length;
    this.#taken = () => {
      this.text += chunk.toString();
      taken();
      if (this.text.endsWith('1\n') && !this.isSilent) {
        this.push('0\n');
      }
    };
    if (!this.isStopped) {
      this.takeNext();
    }
  }

  takeNext(): void {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
  }
}
