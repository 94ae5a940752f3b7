import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../../wire/json.js';
import type { Text } from '../../../util/text-parts.js';
import { PeerCloudError } from '../../../errors/peer-cloud.error.js';

/** Why a stream cannot go on; it is the cause of the messages' own errors. */
export class StreamError extends PeerCloudError {
  override readonly name: string = 'StreamError';

  constructor(message: string, options?: { cause?: unknown }) {
    super('STREAM_BROKEN', message, options);
  }
}

/** Another peer has answered than the one that the stream is for. */
export class WrongPeerError extends StreamError {
  override readonly name = 'WrongPeerError';

  constructor() {
    super('another peer answers at this address');
  }
}

/** Version of the frames; another one is refused (PROTOCOL.md, section 4, `upgrade`). */
export const STREAM_VERSION = 1;

/**
 * The lines of a stream (PROTOCOL.md, section 4, `upgrade`). Each is one JSON value:
 * - an object, the first in each direction: Hello;
 * - `["m", t, id, ms, body, id, ms, body, …]`: requests; `t` is the opener's clock in ms, `ms` what is
 *   left of the message's time. An object before an `id` is the head of that request; a string is the channel
 *   of that request and those after it, up to another string: `""` for none;
 * - `["r", id, status, payload, id, status, payload, …]`: replies;
 * - `["n", id, payload]`: a reply that others follow, to a request whose head asks for several;
 * - `["c", id, n]`: of the opener, it takes n characters more of such replies; 0: none any more;
 * - `["e"]`: of the opener, its last line; of the receiver, every request has been started;
 * - `["x"]`: the receiver takes no more on this stream;
 * - `["s", id, body]`: of the opener, what it would ask by `/status`; of the receiver, the answer;
 * - `0`: a sign of life;
 * - `1`: the same, which asks for one.
 */
export const FRAME = {
  requests: 'm',
  replies: 'r',
  next: 'n',
  credit: 'c',
  ended: 'e',
  away: 'x',
  status: 's',
} as const;

export const SIGN = '0';
export const ASK = '1';
export const ENDED_LINE = `["${FRAME.ended}"]\n`;
export const AWAY_LINE = `["${FRAME.away}"]\n`;

/** Characters after which a line of several messages is closed and the next one begun. */
export const BATCH_CHARS = 32 * 1024;

/**
 * Characters from which on a body is written apart from what is around it: joining strings of that size
 * costs more than all else that is done with them.
 */
export const LARGE_CHARS = 64 * 1024;

/** Bytes that a line may have beyond the largest message: a batch, in characters of up to 3 bytes, and its frame. */
export const LINE_SLACK_BYTES = 4 * BATCH_CHARS;

/** Messages of one turn of the event loop that are worth a write of their own, whatever the other side has. */
export const GROUP = 128;

/** Ms that the other side's heartbeat may be apart, whatever it says. */
const MAX_HEARTBEAT = 600_000;

/** Smallest `maxBytes` of a greeting: no peer may set its limits for answers or messages lower. */
const MIN_BODY_BYTES = 1024;

/** The first line in each direction: version and limits of the side that writes it. */
export interface Hello {
  v: typeof STREAM_VERSION;
  /** Ms within which this side gives a sign. */
  heartbeat: number;
  /** Largest body, or reply, in bytes that this side takes. */
  maxBytes: number;
  /** Receiver: its id. */
  id?: string;
  /** Receiver: requests that it works on at the same time. */
  maxInFlight?: number;
  /** Opener: an older stream of its own still finishes what it has. */
  renews?: boolean;
  /** Receiver: it answers what `/status` would, on the stream. */
  status?: boolean;
  /** Receiver: it reads channels as strings before requests. */
  channels?: boolean;
}

/** A greeting as it is written. */
export function helloLine(hello: Omit<Hello, 'v'>): string {
  return `${JSON.stringify({ v: STREAM_VERSION, ...hello })}\n`;
}

/** @throws StreamError for what is no greeting of this version */
export function readHello(line: string): Hello {
  const value = parseLine(line);
  if (!isJsonObject(value) || value['v'] !== STREAM_VERSION) {
    throw new StreamError(
      `the stream does not begin with a greeting of version ${STREAM_VERSION}`,
    );
  }
  return {
    v: STREAM_VERSION,
    heartbeat: Math.min(positive(value, 'heartbeat'), MAX_HEARTBEAT),
    maxBytes: positive(value, 'maxBytes', MIN_BODY_BYTES),
    ...(typeof value['id'] === 'string' && { id: value['id'] }),
    ...('maxInFlight' in value && {
      maxInFlight: Math.ceil(positive(value, 'maxInFlight')),
    }),
    renews: value['renews'] === true,
    status: value['status'] === true,
    channels: value['channels'] === true,
  };
}

/**
 * A line of requests or replies, as it is written.
 * @param begun without its end
 * @param large the last body, where it is too large to be joined with the rest
 */
export function endLine(begun: string, large?: string): Text {
  return large === undefined ? `${begun}]\n` : [begun, large, ']\n'];
}

/** A line about a member's status: the question, or the answer. */
export function statusLine(id: number, body: object): string {
  return `["${FRAME.status}",${id},${JSON.stringify(body)}]\n`;
}

/** @throws StreamError for a line about a status that has the wrong shape */
export function readStatusLine(frame: JsonValue[]): [number, JsonObject] {
  const [, id, body] = frame;
  if (frame.length !== 3 || typeof id !== 'number' || !isJsonObject(body)) {
    throw new StreamError('a line about a status has the wrong shape');
  }
  return [id, body];
}

/** @throws StreamError */
export function parseLine(line: string): JsonValue {
  try {
    return JSON.parse(line) as JsonValue;
  } catch {
    throw new StreamError('a line of the stream is not valid JSON');
  }
}

function positive(
  value: Record<string, JsonValue>,
  name: string,
  min = Number.MIN_VALUE,
): number {
  const number = value[name];
  if (typeof number !== 'number' || number < min) {
    throw new StreamError(`the greeting of the stream has no valid ${name}`);
  }
  return number;
}
