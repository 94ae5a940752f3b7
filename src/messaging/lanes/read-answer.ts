import { isJsonObject, type JsonValue } from '../../wire/json.js';
import { BadStatusError } from '../errors/bad-status.error.js';
import type { MessageError } from '../errors/message.error.js';
import { NoHandlerError } from '../errors/no-handler.error.js';

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
