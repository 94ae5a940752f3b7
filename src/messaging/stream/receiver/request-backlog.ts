import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../../wire/json.js';
import { StreamError } from '../framing/index.js';

/** Who starts the handlers. */
export interface RequestStarter {
  /** True while no more may be started. */
  readonly isHeld: boolean;
  /** Starts the handler of a request that is wanted until `deadline`. */
  start(
    id: number,
    body: JsonValue,
    deadline: number,
    line: RequestLine,
    head?: JsonObject,
  ): void;
}

/** A line of requests that has arrived: `["m", clock, id, ms, body, …]`, with a head before an id at times. */
export interface RequestLine {
  frame: JsonValue[];
  /** When it was sent, on the clock of this side. */
  sentAt: number;
  /** Has a body that is too large, perhaps. */
  mayBeTooLarge: boolean;
}

/** Where the first request of a line begins, and how many values each has. */
const FIRST = 2;
const VALUES = 3;

/**
 * Requests that have arrived and are not started yet, in their order. It is bounded by what the socket
 * gives at once: while something is in here, nothing more is read.
 */
export class RequestBacklog {
  #lines: RequestLine[] = [];
  #at = FIRST;

  readonly #starter: RequestStarter;

  constructor(starter: RequestStarter) {
    this.#starter = starter;
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  /** @throws StreamError for a line of the wrong shape; nothing of it is started then */
  add(line: RequestLine): void {
    const { frame } = line;
    let at = FIRST;
    while (at < frame.length) {
      at += isJsonObject(frame[at]) ? 1 : 0;
      if (at + VALUES > frame.length) {
        throw new StreamError('a line of requests has the wrong shape');
      }
      if (typeof frame[at] !== 'number' || typeof frame[at + 1] !== 'number') {
        throw new StreamError('a request has no id or no time');
      }
      at += VALUES;
    }
    this.#lines.push(line);
  }

  /** Starts what may be started. */
  work(): void {
    let now = performance.now();
    while (this.#lines.length > 0) {
      const line = this.#lines[0]!;
      const { frame, sentAt } = line;
      while (this.#at < frame.length) {
        if (this.#starter.isHeld) {
          return;
        }
        const first = frame[this.#at];
        const head = isJsonObject(first) ? first : undefined;
        const at = head ? this.#at + 1 : this.#at;
        this.#at = at + VALUES;
        const deadline = sentAt + (frame[at + 1] as number);
        // Nobody waits any more for what is past its time.
        if (now < deadline) {
          const id = frame[at] as number;
          this.#starter.start(id, frame[at + 2]!, deadline, line, head);
          now = performance.now();
        }
      }
      this.#lines.shift();
      this.#at = FIRST;
    }
  }

  /** Forgets what was not started. */
  clear(): void {
    this.#lines = [];
    this.#at = FIRST;
  }
}
