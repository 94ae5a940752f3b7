import type { PeerAnswer } from '../../transport/peer-transport.interface.js';
import type { Endpoint } from '../../wire/endpoints.js';
import { isJsonObject, type JsonObject } from '../../wire/json.js';
import type { ProtocolErrorCode } from '../protocol.error.js';

/** What a peer asks itself, and how its own answer is told from anybody else's. */
export interface Expectation {
  endpoint: Endpoint;
  body: JsonObject;
  /** True for the answer of this very peer. */
  isOurs(answer: PeerAnswer, selfId: string): boolean;
}

const isUnknownSender = refusedWith(403, 'UNKNOWN_SENDER');

/**
 * Requests that change nothing: a peer is no known sender to itself, and a join without a proper id is
 * refused before anything else happens.
 */
export const EXPECTATIONS: readonly Expectation[] = [
  {
    endpoint: 'status',
    body: {},
    isOurs: ({ status, body }, selfId) =>
      status === 200 && isJsonObject(body) && body.id === selfId,
  },
  { endpoint: 'message', body: {}, isOurs: isUnknownSender },
  {
    endpoint: 'join',
    body: { id: '' },
    isOurs: refusedWith(400, 'INVALID_BODY'),
  },
  { endpoint: 'joined', body: {}, isOurs: isUnknownSender },
  { endpoint: 'left', body: {}, isOurs: isUnknownSender },
  { endpoint: 'update', body: {}, isOurs: isUnknownSender },
  { endpoint: 'sync', body: {}, isOurs: isUnknownSender },
];

function refusedWith(status: number, code: ProtocolErrorCode) {
  return (answer: PeerAnswer): boolean =>
    answer.status === status &&
    isJsonObject(answer.body) &&
    answer.body.code === code;
}
