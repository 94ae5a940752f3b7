import { isJsonObject, type JsonValue } from '../../wire/json.js';
import {
  BODY_TOO_LARGE,
  refusal,
  type MessageOutcome,
} from '../message-outcome.js';
import { isDeeperThan, isLarger, namesPrototypes } from './body-check.js';
import type { RequestLine } from './request-backlog.js';

/** What a body may have, as with `/message`. */
export interface BodyLimits {
  maxBytes: number;
  maxDepth: number;
}

const BAD_BODY = refusal(400, 'a message is a JSON object', 'INVALID_BODY');
const TOO_DEEP = refusal(400, 'the body is nested too deep', 'INVALID_JSON');
const BAD_KEYS = refusal(
  400,
  'the body has a key by which prototypes are changed',
  'INVALID_JSON',
);

/**
 * The refusal of a body that no handler should get; undefined for a sound one. What its line as a whole
 * makes impossible is not looked for.
 */
export function bodyFault(
  body: JsonValue,
  { maxBytes, maxDepth }: BodyLimits,
  {
    mayBeTooLarge,
    mayNamePrototypes,
  }: Pick<RequestLine, 'mayBeTooLarge' | 'mayNamePrototypes'>,
): MessageOutcome | undefined {
  if (!isJsonObject(body)) {
    return BAD_BODY;
  }
  if (isDeeperThan(body, maxDepth)) {
    return TOO_DEEP;
  }
  if (mayBeTooLarge && isLarger(JSON.stringify(body), maxBytes)) {
    return BODY_TOO_LARGE;
  }
  return mayNamePrototypes && namesPrototypes(body) ? BAD_KEYS : undefined;
}
