import { formatAddress } from '../wire/address.js';
import { type Endpoint, isSuccess } from '../wire/endpoints.js';
import { isJsonObject, type JsonValue } from '../wire/json.js';
import type { PeerAnswer, PeerTarget } from './peer-transport.interface.js';
import { TransportError } from './transport.error.js';

/**
 * Only an empty answer stands for the reply `{}`: one that is no JSON comes from something between the
 * peers, such as a proxy that wants a login, and says nothing about the message.
 * Throws a TransportError (`BAD_ANSWER`).
 */
export function checkReply(
  { status, body }: PeerAnswer,
  target: PeerTarget,
): void {
  if (isSuccess(status) && body === undefined) {
    throw new TransportError(
      'BAD_ANSWER',
      `${formatAddress(target)}: the answer is no JSON`,
    );
  }
}

/**
 * Makes sure that a signed answer speaks for who signed it. `/status` and `/join` are where a peer
 * says its id in the body. Only the peer that was meant can answer, unless its address has another
 * owner now, which says so at `/status`, under its own name.
 * Throws a TransportError (`BAD_ANSWER`).
 */
export function checkSigner(
  signerId: string,
  target: PeerTarget,
  endpoint: Endpoint,
  answer: PeerAnswer,
): void {
  const named = namedId(endpoint, answer.body);
  const isOwnName =
    endpoint === 'status' && isSuccess(answer.status) && named !== undefined;
  const expected = isOwnName ? undefined : target.id;
  for (const id of [named, expected]) {
    if (id !== undefined && id !== signerId) {
      throw new TransportError(
        'BAD_ANSWER',
        `the answer for ${JSON.stringify(id)} is signed by ${signerId}`,
      );
    }
  }
}

/** The id that an answer names as its author's. */
function namedId(
  endpoint: Endpoint,
  body: JsonValue | undefined,
): JsonValue | undefined {
  if (!isJsonObject(body)) {
    return undefined;
  }
  if (endpoint === 'status') {
    return body.id;
  }
  if (endpoint !== 'join' || !isJsonObject(body.self)) {
    return undefined;
  }
  return body.self.id;
}
