import {
  headers as newHeaders,
  type Msg,
  type MsgHdrs,
} from '@nats-io/transport-node';
import type { TransportAnswer, TransportHeaders } from '../../index.js';

/** Headers of ours that are for the other side's link, not for what is above it. */
const STATUS = 'peercloud-status';
/** Which part of an answer it is, from 0, and of how many: `2/5`. */
const PART = 'peercloud-part';
/** Tells the parts of one answer from those of another. */
const ANSWER = 'peercloud-answer';
/** The sender's own end of a stream. */
export const SOCKET = 'peercloud-socket';

/** What the server says where nobody has subscribed. */
const NO_RESPONDERS = 503;

/** Most parts that an answer may have. */
const MAX_PARTS = 4096;

/** A part of an answer. */
export interface AnswerPart extends TransportAnswer {
  at: number;
  of: number;
  answer: string;
}

/** True for the server's word that nobody takes what was sent. */
export function isNoResponders({ headers, data }: Msg): boolean {
  return headers?.code === NO_RESPONDERS && data.length === 0;
}

export function writeHeaders(
  values: TransportHeaders,
  own: TransportHeaders = {},
): MsgHdrs {
  const headers = newHeaders();
  for (const [name, value] of [
    ...Object.entries(values),
    ...Object.entries(own),
  ]) {
    headers.append(name, value);
  }
  return headers;
}

/** The headers of a message, by their names; the first of those with the same name. */
export function readHeaders(headers: MsgHdrs | undefined): TransportHeaders {
  const values: Record<string, string> = Object.create(null) as Record<
    string,
    string
  >;
  for (const [name, [value]] of headers ?? []) {
    values[name.toLowerCase()] = value!;
  }
  return values;
}

/** The bytes of a message, where they are. */
export function bodyOf({ data }: Msg): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/** An answer as it travels: in one part, or in more where the server takes no more at once. */
export function* answerParts(
  answer: TransportAnswer,
  maxBytes: number,
  id: () => string,
  own: TransportHeaders = {},
): Generator<{ headers: MsgHdrs; data: Buffer }> {
  const { status, body } = answer;
  const first = { ...own, [STATUS]: String(status) };
  if (body.length <= maxBytes) {
    yield { headers: writeHeaders(answer.headers, first), data: body };
    return;
  }
  const of = Math.ceil(body.length / maxBytes);
  const tag = id();
  for (let at = 0; at < of; at++) {
    const part = { [PART]: `${at}/${of}`, [ANSWER]: tag };
    yield {
      headers:
        at === 0
          ? writeHeaders(answer.headers, { ...first, ...part })
          : writeHeaders(part),
      data: body.subarray(at * maxBytes, (at + 1) * maxBytes),
    };
  }
}

/** Undefined for what is no part of an answer. */
export function readPart(msg: Msg): AnswerPart | undefined {
  const headers = readHeaders(msg.headers);
  const [, at = '0', of = '1'] =
    /^(\d{1,4})\/(\d{1,4})$/.exec(headers[PART] ?? '0/1') ?? [];
  const status = Number(headers[STATUS] ?? 0);
  const isFirst = at === '0';
  const isSound =
    (!isFirst || (Number.isInteger(status) && status >= 100 && status < 600)) &&
    Number(at) < Number(of) &&
    Number(of) <= MAX_PARTS;
  return isSound
    ? {
        status,
        headers,
        body: bodyOf(msg),
        at: Number(at),
        of: Number(of),
        answer: headers[ANSWER] ?? '',
      }
    : undefined;
}
