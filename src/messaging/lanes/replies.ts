import { isJsonObject, type JsonValue } from '../../wire/json.js';
import {
  BadStatusError,
  type MessageError,
  NoHandlerError,
  InvalidReplyError,
} from '../messaging.errors.js';

/** The error of an answer that is no success. */
export function answerError(
  peerId: string,
  status: number,
  payload: JsonValue | undefined,
): MessageError {
  return status === 404 && codeOf(payload) === 'NO_HANDLER'
    ? new NoHandlerError(peerId, payload)
    : new BadStatusError(peerId, status, payload);
}

/** True for the answer of a peer that does not have the sender on its list (PROTOCOL.md, section 1, identity). */
export function isUnknownSender(
  status: number,
  payload: JsonValue | undefined,
): boolean {
  return status === 403 && codeOf(payload) === 'UNKNOWN_SENDER';
}

function codeOf(payload: JsonValue | undefined): JsonValue | undefined {
  return payload !== undefined && isJsonObject(payload)
    ? payload['code']
    : undefined;
}

/**
 * The error of a reply that an application should not get, an error's payload included; undefined for a
 * sound one. Bodies that come in are held to the same (PROTOCOL.md, section 2, `/message`).
 */
export function replyFault(
  peerId: string,
  payload: JsonValue | undefined,
  maxDepth: number,
): InvalidReplyError | undefined {
  if (typeof payload !== 'object' || payload === null) {
    return undefined;
  }
  const problem = problemOf(payload, maxDepth);
  return problem === undefined
    ? undefined
    : new InvalidReplyError(peerId, problem);
}

/** One walk for both questions, without anything to be collected afterwards: each reply takes it. */
function problemOf(
  value: JsonValue[] | { [key: string]: JsonValue },
  levels: number,
): string | undefined {
  if (levels === 0) {
    return 'it is nested too deep (option limits.maxJsonDepth)';
  }
  // Of an array, the keys are its places: they cost more than the items.
  if (Array.isArray(value)) {
    for (const item of value) {
      const problem = innerProblem(item, levels);
      if (problem !== undefined) {
        return problem;
      }
    }
    return undefined;
  }
  for (const key in value) {
    const inner = value[key]!;
    const problem = changesPrototypes(key, inner)
      ? 'it has a key by which prototypes are changed'
      : innerProblem(inner, levels);
    if (problem !== undefined) {
      return problem;
    }
  }
  return undefined;
}

function innerProblem(value: JsonValue, levels: number): string | undefined {
  return typeof value === 'object' && value !== null
    ? problemOf(value, levels - 1)
    : undefined;
}

function changesPrototypes(key: string, value: JsonValue): boolean {
  return (
    key === '__proto__' ||
    (key === 'constructor' &&
      typeof value === 'object' &&
      value !== null &&
      Object.hasOwn(value, 'prototype'))
  );
}
