import { jsonFault, type JsonFault } from '../../wire/json-guard.js';
import { isJsonObject, type JsonValue } from '../../wire/json.js';
import {
  BadStatusError,
  type MessageError,
  NoHandlerError,
  InvalidReplyError,
} from '../messaging.errors.js';
import type { OutgoingMessage } from './outgoing-message.js';

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

/** True where a message was for a channel that the peer does not have: for its sender an answer, and no error. */
export function isNoChannel(
  { head }: OutgoingMessage,
  status: number,
  payload: JsonValue | undefined,
): boolean {
  return (
    status === 404 &&
    head?.channel !== undefined &&
    codeOf(payload) === 'NO_CHANNEL'
  );
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
  const fault = jsonFault(payload, maxDepth);
  return fault && new InvalidReplyError(peerId, PROBLEMS[fault]);
}

const PROBLEMS: Record<JsonFault, string> = {
  depth: 'it is nested too deep (option limits.maxJsonDepth)',
  prototypes: 'it has a key by which prototypes are changed',
};
