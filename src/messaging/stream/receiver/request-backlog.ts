import { isJsonObject, type JsonValue } from '../../../wire/json.js';
import {
  isChannelName,
  isMessageHead,
  type MessageHead,
} from '../../../wire/message-head.js';
import { StreamError } from '../framing/index.js';

/** What a request has beside its body; `invalid` for what breaks the rules. */
export type RequestHead = MessageHead | 'invalid' | undefined;

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
    head: RequestHead,
  ): void;
}

/**
 * A line of requests that has arrived: `["m", clock, id, ms, body, …]`, before an id at times the head of that
 * request, or the channel of all from there on.
 */
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
  /** The head of requests that have none of their own, from here on in the first line. */
  #channel: RequestHead;

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
      at += isHead(frame[at]) ? 1 : 0;
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
    while (this.#lines.length > 0) {
      const line = this.#lines[0]!;
      const { frame, sentAt } = line;
      while (this.#at < frame.length) {
        if (this.#starter.isHeld) {
          return;
        }
        const first = frame[this.#at];
        const isId = typeof first === 'number';
        const head = isId ? this.#channel : this.#headOf(first);
        const at = isId ? this.#at : this.#at + 1;
        this.#at = at + VALUES;
        const deadline = sentAt + (frame[at + 1] as number);
        // Nobody waits any more for what is past its time.
        if (performance.now() < deadline) {
          const id = frame[at] as number;
          this.#starter.start(id, frame[at + 2]!, deadline, line, head);
        }
      }
      this.#lines.shift();
      this.#rewind();
    }
  }

  /** Forgets what was not started. */
  clear(): void {
    this.#lines = [];
    this.#rewind();
  }

  #rewind(): void {
    this.#at = FIRST;
    this.#channel = undefined;
  }

  /** What stands before an id says. There is one head for all requests that a string is for. */
  #headOf(said: JsonValue | undefined): RequestHead {
    if (typeof said !== 'string') {
      return isMessageHead(said) ? said : 'invalid';
    }
    this.#channel = said === '' ? undefined : channelHead(said);
    return this.#channel;
  }
}

/** True for what stands before an id. */
function isHead(value: JsonValue | undefined): boolean {
  return typeof value === 'string' || isJsonObject(value);
}

function channelHead(channel: string): RequestHead {
  return isChannelName(channel) ? { channel } : 'invalid';
}
