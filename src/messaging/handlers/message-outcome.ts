import { HttpException, Logger } from '@nestjs/common';
import { stackOf } from '../../errors/error-text.js';
import { LimitedLog } from '../../util/limited-log.js';
import { errorBody } from '../../wire/bodies.js';
import { isLarger } from '../../util/text-parts.js';
import {
  replyNotJson,
  replyTooLarge,
  type HandledMessage,
} from '../messaging.messages.js';
import { jsonFault, type JsonFault } from '../../wire/json-guard.js';
import { isJsonObject, type JsonValue } from '../../wire/json.js';

/** What becomes of a message at its receiver: the answer of `/message` (PROTOCOL.md, section 2). */
export interface MessageOutcome {
  /** HTTP status; 200 where the handler returned. */
  readonly status: number;
  /** The handler's value, or the error's payload; not yet serialised. */
  readonly payload: unknown;
  /** The message that a handler has answered so. */
  readonly message: HandledMessage | undefined;
}

/** The outcome of a message that no handler has answered. */
export function refusal(
  statusCode: number,
  message: string,
  code?: string,
): MessageOutcome {
  return {
    status: statusCode,
    payload: errorBody(statusCode, message, code),
    message: undefined,
  };
}

/** Handlers, but none that matches. */
export const NO_HANDLER = refusal(
  404,
  'no handler matches this message',
  'NO_HANDLER',
);

/** Nobody handles the channel of the message. */
export const NO_CHANNEL = refusal(
  404,
  'nobody handles this channel',
  'NO_CHANNEL',
);

/** A channel or metadata that break the rules. */
export const BAD_HEAD = refusal(
  400,
  'the channel or the metadata of the message is not valid',
  'INVALID_HEAD',
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

/** Replies that have come one by one, and are over. */
export const NO_MORE: MessageOutcome = {
  status: 204,
  payload: null,
  message: undefined,
};

/** More replies than may wait for their reader, of a handler that cannot be held back. */
export const NOT_READ = refusal(
  503,
  'the replies are not read as fast as they come',
  'REPLIES_NOT_READ',
);

/** More handlers with several replies than one sender may have at work. */
export const TOO_MANY_STREAMS = refusal(
  429,
  'too many messages with several replies are under way',
  'TOO_MANY_REQUESTS',
);

/** The answer of a handler that returned: nothing is `{}`. */
export function replied(
  value: unknown,
  message?: HandledMessage,
): MessageOutcome {
  return { status: 200, payload: value ?? {}, message };
}

/** The answer of a handler that threw an HttpException; undefined for any other error. */
export function refused(
  error: unknown,
  message: HandledMessage,
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
    message,
  };
}

const logger = new Logger('PeerCloud');

/** The other side says what it takes, and may ask for replies as often as it likes. */
const tooLarge = new LimitedLog({ warn: (line) => logger.error(line) }, () =>
  performance.now(),
);

/** A reply as it goes out. */
export interface ReplyText {
  readonly status: number;
  readonly json: string;
}

/**
 * The reply as it goes out, in every lane. What JSON cannot carry, and what is larger than the other
 * side takes, becomes an error, with a line in the log that names the handler.
 * @param maxBytes bytes that the other side takes
 */
export function replyText(
  outcome: MessageOutcome,
  maxBytes = Infinity,
): ReplyText {
  const { status, payload, message } = outcome;
  let json: string;
  try {
    json = JSON.stringify(payload) ?? '{}';
  } catch (error) {
    logger.error(replyNotJson(message), stackOf(error));
    return replyText(FAILED);
  }
  if (isLarger(json, maxBytes)) {
    tooLarge.warn(
      replyTooLarge(maxBytes, message),
      message?.handler ?? 'a handler',
    );
    return replyText(REPLY_TOO_LARGE);
  }
  return { status, json };
}

/** What a body may have, as with `/message`. */
export interface BodyLimits {
  maxBytes: number;
  maxDepth: number;
}

const BAD_BODY = refusal(400, 'a message is a JSON object', 'INVALID_BODY');
const FAULTS: Record<JsonFault, MessageOutcome> = {
  depth: refusal(400, 'the body is nested too deep', 'INVALID_JSON'),
  prototypes: refusal(
    400,
    'the body has a key by which prototypes are changed',
    'INVALID_JSON',
  ),
};

/**
 * The refusal of a body that no handler should get; undefined for a sound one.
 * @param mayBeTooLarge false where the text that brought the body was too short for that
 */
export function bodyFault(
  body: JsonValue,
  { maxBytes, maxDepth }: BodyLimits,
  mayBeTooLarge: boolean,
): MessageOutcome | undefined {
  if (!isJsonObject(body)) {
    return BAD_BODY;
  }
  const fault = jsonFault(body, maxDepth);
  if (fault) {
    return FAULTS[fault];
  }
  return mayBeTooLarge && isLarger(JSON.stringify(body), maxBytes)
    ? BODY_TOO_LARGE
    : undefined;
}
