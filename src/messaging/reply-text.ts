import { Logger } from '@nestjs/common';
import { stackOf } from '../errors/error-text.js';
import { LimitedLog } from '../security/limited-log.js';
import {
  FAILED,
  REPLY_TOO_LARGE,
  type MessageOutcome,
} from './message-outcome.js';
import { replyNotJson, replyTooLarge } from './messaging.messages.js';
import { isLarger } from './stream/body-check.js';

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
  const { status, payload, handler = 'a handler' } = outcome;
  let json: string;
  try {
    json = JSON.stringify(payload) ?? '{}';
  } catch (error) {
    logger.error(replyNotJson(handler), stackOf(error));
    return replyText(FAILED);
  }
  if (isLarger(json, maxBytes)) {
    tooLarge.warn(replyTooLarge(maxBytes), handler);
    return replyText(REPLY_TOO_LARGE);
  }
  return { status, json };
}
