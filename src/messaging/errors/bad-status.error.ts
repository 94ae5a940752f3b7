import { isJsonObject, type JsonValue } from '../../wire/json.js';
import { MessageError } from './message.error.js';

/**
 * The peer answered, with a status that is not 2xx: its handler threw an HttpException or another
 * error, a guard refused, or the peer does not know the sender (PROTOCOL.md, section 2, `/message`). A
 * `502` with the payload's code `BAD_ANSWER` stands for an answer that could not be used.
 */
export class BadStatusError extends MessageError {
  override readonly name = 'BadStatusError';

  constructor(
    peerId: string,
    /** HTTP status of the answer. */
    readonly status: number,
    /** Body of the answer: the handler's own payload, or Nest's `{ statusCode, error, message }`. */
    readonly payload: JsonValue | undefined,
    options?: { cause?: unknown },
  ) {
    super(
      'BAD_STATUS',
      peerId,
      `peer ${peerId} answered with status ${status}${describe(payload)}`,
      options,
    );
  }
}

/** Nest's errors have a message, or a list of them. */
function describe(payload: JsonValue | undefined): string {
  if (payload === undefined || !isJsonObject(payload)) {
    return '';
  }
  const texts = [payload['message']].flat().filter(isString);
  return texts.length > 0 ? `: ${texts.join(', ')}` : '';
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}
