import { isLarger } from '../../util/text-parts.js';
import { jsonFault, type JsonFault } from '../../wire/json-guard.js';
import { isJsonObject, type JsonValue } from '../../wire/json.js';
import {
  BODY_TOO_LARGE,
  refusal,
  type MessageOutcome,
} from '../handlers/index.js';

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
