import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import type { JsonObject } from '../wire/json.js';

/** What becomes of a message at its receiver: the answer of `/message` (PROTOCOL.md, section 2). */
export interface MessageOutcome {
  /** HTTP status; 200 where the handler returned. */
  readonly status: number;
  /** The handler's value, or the error's payload; not yet serialised. */
  readonly payload: unknown;
  /** Class and method of the handler that the payload is from. */
  readonly handler: string | undefined;
}

/** The body of a refusal: Nest's own shape plus a stable code (PROTOCOL.md, section 1, errors). */
export function refusal(
  statusCode: number,
  message: string,
  code?: string,
): MessageOutcome {
  const error = STATUS_CODES[statusCode] ?? 'Error';
  const payload: JsonObject = { statusCode, error, message };
  return {
    status: statusCode,
    payload: code === undefined ? payload : { ...payload, code },
    handler: undefined,
  };
}

/** Handlers, but none that matches. */
export const NO_HANDLER = refusal(
  404,
  'no handler matches this message',
  'NO_HANDLER',
);

/** A handler failed, or returned what JSON cannot carry: no details leave this peer. */
export const FAILED = refusal(500, 'the message could not be handled');

/** A body over `maxMessageBytes`. */
export const BODY_TOO_LARGE = refusal(
  413,
  'the body is too large',
  'BODY_TOO_LARGE',
);

/** A reply over `limits.maxAnswerBytes` of the peer that asked. */
export const REPLY_TOO_LARGE = refusal(
  500,
  'the reply is larger than its receiver takes',
  'REPLY_TOO_LARGE',
);

/** The answer of a handler that returned: nothing is `{}`. */
export function replied(value: unknown, handler?: string): MessageOutcome {
  return { status: 200, payload: value ?? {}, handler };
}

/** The answer of a handler that threw an HttpException; undefined for any other error. */
export function refused(
  error: unknown,
  handler: string,
): MessageOutcome | undefined {
  if (!(error instanceof HttpException)) {
    return undefined;
  }
  const response = error.getResponse();
  const status = error.getStatus();
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    return undefined;
  }
  return {
    status,
    payload:
      typeof response === 'string'
        ? { statusCode: status, message: response }
        : response,
    handler,
  };
}
