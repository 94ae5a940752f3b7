import type { JsonObject, JsonValue } from '../../index.js';
import type { BinaryPart } from './binary.js';

/** The channel on which Socket.IO servers of a cloud talk. */
export const CHANNEL = 'socket.io';

/** Of what is said there. Peers of different versions leave each other alone. */
export const VERSION = 1;

/** The first words to a peer, and those after a break: which number comes next. The reply is a Welcome. */
export type Hello = {
  hello: number;
  session: string;
  /** The first number that the peer may still get. */
  from: number;
};

/** Who answers, and the number that it waits for. */
export type Welcome = { hello: number; next: number };

/** What an adapter asks the adapters of its namespace at other peers to do. */
export type Work =
  | 'emit'
  | 'join'
  | 'leave'
  | 'disconnect'
  | 'fetch'
  | 'event'
  /** The sender's adapter is no more: it gives no values. */
  | 'close';

/** Where work is to be done, and what it is; numbered, and done in the order of the numbers. The reply is a Reply. */
export type Publication = {
  n: number;
  session: string;
  /** Name of the Socket.IO server: `''` for an app's first. */
  server: string;
  nsp: string;
  work: Work;
  data: JsonObject;
  bin?: BinaryPart[];
  /** True if values are wanted. */
  ask?: true;
};

/** In place of a publication that cannot be sent. */
export type Skip = { n: number; session: string; skip: true };

/** Some values of a peer that was asked in publication `answer`, of so many in all. */
export type Answer = {
  answer: number;
  values: JsonValue[];
  of: number;
  bin?: BinaryPart[];
};

/** The reply to a publication: values if they are there already, and how many there are in all. */
export type Reply = { of?: number; values?: JsonValue[]; bin?: BinaryPart[] };

/** The reply to what cannot be taken now: say hello, and send again what is still missing. */
export const AGAIN = { again: true } as const;

export type Message = Hello | Publication | Skip | Answer;

/** Reads what came in; undefined for what is no message of this version. */
export function readMessage(body: JsonValue): Message | undefined {
  if (!isObject(body)) {
    return undefined;
  }
  if ('hello' in body) {
    // Whatever else another version says.
    return typeof body.hello === 'number' &&
      (body.hello !== VERSION ||
        (typeof body.session === 'string' && isNumber(body.from)))
      ? (body as Hello)
      : undefined;
  }
  if ('answer' in body) {
    return isNumber(body.answer) && isNumber(body.of) && isValues(body)
      ? (body as Answer)
      : undefined;
  }
  if (!isNumber(body.n) || typeof body.session !== 'string') {
    return undefined;
  }
  return body.skip === true || isPublication(body)
    ? (body as Publication | Skip)
    : undefined;
}

/** Reads the reply to a hello: undefined for none. */
export function readWelcome(reply: JsonValue | undefined): Welcome | undefined {
  return isObject(reply) &&
    typeof reply.hello === 'number' &&
    (reply.hello !== VERSION || isNumber(reply.next))
    ? (reply as Welcome)
    : undefined;
}

/** Reads the reply to a publication; `again` for a peer that wants a hello first. */
export function readReply(reply: JsonValue | undefined): Reply | 'again' {
  if (!isObject(reply)) {
    return { of: 0 };
  }
  if (reply.again === true) {
    return 'again';
  }
  return isNumber(reply.of) && isValues({ values: [], ...reply })
    ? (reply as Reply)
    : {};
}

function isPublication(body: JsonObject): boolean {
  return (
    typeof body.server === 'string' &&
    typeof body.nsp === 'string' &&
    typeof body.work === 'string' &&
    isObject(body.data) &&
    isBin(body.bin)
  );
}

function isValues({ values, bin }: JsonObject): boolean {
  return Array.isArray(values) && isBin(bin);
}

function isBin(bin: JsonValue | undefined): boolean {
  return (
    bin === undefined ||
    (Array.isArray(bin) &&
      bin.every(
        (part) =>
          Array.isArray(part) &&
          Array.isArray(part[0]) &&
          part[0].every(isKey) &&
          typeof part[1] === 'string',
      ))
  );
}

function isKey(step: JsonValue): boolean {
  return typeof step === 'string' || typeof step === 'number';
}

function isNumber(value: JsonValue | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
