import type { Endpoint } from '../wire/endpoints.js';
import type { JsonValue } from '../wire/json.js';
import type { PeerAddress } from '../wire/bodies.js';
import type { IncomingHttpHeaders } from 'node:http';

/** Whom a request is for. */
export interface PeerTarget extends PeerAddress {
  /** The receiver's id, where it is known: signatures bind a request to it. */
  id?: string;
}

export interface RequestOptions {
  /** Ms until the exchange is given up, connecting and reading the answer included. */
  timeout: number;
  signal?: AbortSignal;
  /** Headers beside those of every request, such as the head of a message. */
  headers?: Record<string, string>;
  /** Most bytes of the answer that are read; default: the transport's own limit. */
  maxAnswerBytes?: number;
}

/** What came back: any HTTP status, with the parsed JSON body (undefined where it was no JSON). */
export interface PeerAnswer {
  status: number;
  body: JsonValue | undefined;
}

/**
 * The one door to the network. `POST`s a JSON body to an endpoint of a peer, with the own id in
 * `x-peercloud-id`, follows no redirect and uses no proxy.
 * Rejects with a TransportError when no whole answer came, or a reply to `/message` that is no JSON; a
 * non-2xx answer is not an error here.
 */
export interface PeerTransport {
  request(
    target: PeerTarget,
    endpoint: Endpoint,
    body: JsonValue,
    options: RequestOptions,
  ): Promise<PeerAnswer>;

  /** Like `request`, for a body that is JSON text already: a broadcast makes it once for all peers. */
  requestSerialized?(
    target: PeerTarget,
    endpoint: Endpoint,
    json: string,
    options: RequestOptions,
  ): Promise<PeerAnswer>;
}

/** A whole answer. */
export interface ExchangeAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** A request that is to be signed: exactly what goes to the socket. */
export interface OutgoingRequest {
  /** Where it goes, for the log: `http://10.0.0.7:9338`. */
  origin: string;
  method: string;
  path: string;
  body: Buffer | undefined;
  /** Headers that it goes with, those of the signature excepted. */
  headers?: Record<string, string>;
  /** Id of the peer it is for, where it is known. */
  receiverId: string | undefined;
}

/** A signed request on its way. */
export interface SignedRequest {
  /** Headers to send along, over those of the same name that are there. */
  headers: Record<string, string>;
  /**
   * Judges the answer by its signature and gives the id of who signed it, undefined in an open cloud.
   * Throws a TransportError (`BAD_ANSWER`) for an answer that nobody signed, or not for this request;
   * a StaleRequestError where the same request, signed again, may be taken.
   */
  checkAnswer(answer: ExchangeAnswer): string | undefined;
}

/** Signs what leaves, below every interceptor, and judges what comes back. */
export interface ExchangeSecurity {
  sign(request: OutgoingRequest): SignedRequest;
}
