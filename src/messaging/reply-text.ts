import { Logger } from '@nestjs/common';
import { stackOf } from '../errors/error-text.js';
import {
  FAILED,
  REPLY_TOO_LARGE,
  type MessageOutcome,
} from './message-outcome.js';
import { replyNotJson, replyTooLarge } from './messaging.messages.js';
import { isLarger } from './stream/body-check.js';

const logger = new Logger('PeerCloud');

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
    logger.error(replyTooLarge(handler, maxBytes));
    return replyText(REPLY_TOO_LARGE);
  }
  return { status, json };
}
