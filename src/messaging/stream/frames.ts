import { isJsonObject, type JsonValue } from '../../wire/json.js';
import type { Text } from '../../util/text-parts.js';
import {
  MAX_HEARTBEAT,
  MIN_BODY_BYTES,
  STREAM_VERSION,
} from './stream.constants.js';
import { StreamError } from './stream.error.js';

/**
 * The lines of a stream (PROTOCOL.md, section 4, `stream`). Each is one JSON value:
 * - an object, the first in each direction: Hello;
 * - `["m", t, id, ms, body, id, ms, body, …]`: requests; `t` is the opener's clock in ms, `ms` what is
 *   left of the message's time. An object before an `id` is the head of that request;
 * - `["r", id, status, payload, id, status, payload, …]`: replies;
 * - `["e"]`: every request up to the end of the opener's side has been started;
 * - `["x"]`: the receiver takes no more on this stream;
 * - `0`: a heartbeat.
 */
export const FRAME = {
  requests: 'm',
  replies: 'r',
  ended: 'e',
  away: 'x',
} as const;

export const HEARTBEAT_LINE = '0\n';
export const ENDED_LINE = `["${FRAME.ended}"]\n`;
export const AWAY_LINE = `["${FRAME.away}"]\n`;

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
  /** Receiver: ms after which the stream has to be replaced; absent where it need not be. */
  lifetime?: number;
  /** Opener: another stream of its own is being replaced and still finishes what it has. */
  renews?: boolean;
}

/** Reads the first line; throws a StreamError for what is no Hello of this version. */
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
    ...('lifetime' in value && { lifetime: positive(value, 'lifetime') }),
    renews: value['renews'] === true,
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

/** Parses a line; throws a StreamError. */
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
