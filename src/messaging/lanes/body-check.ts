import { isJsonObject, type JsonValue } from '../../wire/json.js';
import {
  BODY_TOO_LARGE,
  refusal,
  type MessageOutcome,
} from '../handlers/message-outcome.js';
import { isLarger } from '../../wire/text-parts.js';

/**
 * True if a body of this line may name prototypes: the cheap question, asked once for a line of many
 * bodies. An escape (`\u005f`) can spell any name.
 */
export function mayNamePrototypes(line: string): boolean {
  return (
    line.includes('__proto__') ||
    line.includes('constructor"') ||
    line.includes('\\u')
  );
}

/** `__proto__` anywhere, or a `constructor` that has a `prototype`: what a careless merge trips over. */
export function namesPrototypes(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  if (Array.isArray(value)) {
    return value.some(namesPrototypes);
  }
  return Object.entries(value).some(
    ([key, inner]) =>
      key === '__proto__' ||
      (key === 'constructor' &&
        isJsonObject(inner) &&
        Object.hasOwn(inner, 'prototype')) ||
      namesPrototypes(inner),
  );
}

/** True if arrays and objects are nested deeper than that. */
export function isDeeperThan(value: JsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  if (levels === 0) {
    return true;
  }
  const parts = Array.isArray(value) ? value : Object.values(value);
  return parts.some((part) => isDeeperThan(part, levels - 1));
}

/** What a body may have, as with `/message`. */
export interface BodyLimits {
  maxBytes: number;
  maxDepth: number;
}

/** What the line that brought a body leaves possible. */
export interface BodySuspicion {
  /** Perhaps it is too large. */
  mayBeTooLarge: boolean;
  /** Perhaps it has a key by which prototypes are changed. */
  mayNamePrototypes: boolean;
}

const BAD_BODY = refusal(400, 'a message is a JSON object', 'INVALID_BODY');
const TOO_DEEP = refusal(400, 'the body is nested too deep', 'INVALID_JSON');
const BAD_KEYS = refusal(
  400,
  'the body has a key by which prototypes are changed',
  'INVALID_JSON',
);

/**
 * The refusal of a body that no handler should get; undefined for a sound one. What the suspicion rules out
 * is not looked for.
 */
export function bodyFault(
  body: JsonValue,
  { maxBytes, maxDepth }: BodyLimits,
  { mayBeTooLarge, mayNamePrototypes }: BodySuspicion,
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
