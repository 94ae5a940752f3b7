import type { Endpoint } from '../wire/endpoints.js';
import type { JsonValue } from '../wire/json.js';
import type { PeerAddress } from '../wire/peer-info.js';

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
