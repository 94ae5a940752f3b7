import type { IncomingHttpHeaders } from 'node:http';
import type { StreamAcceptance } from './stream-security.interface.js';

/** A request as it came in, before anything of it is parsed. */
export interface IncomingPeerRequest {
  method: string;
  /** As on the request line, a query included: `/join`. */
  path: string;
  headers: IncomingHttpHeaders;
  /** The body's bytes; undefined for `/stream`, whose body is not read ahead. */
  raw: Buffer | undefined;
  /** Normalised IP literal: the socket's, or the client's where the app trusts its proxy. */
  remoteAddress: string;
}

/** The request is let in. The functions are there in a signed cloud only. */
export interface RequestAccepted {
  ok: true;
  /**
   * Rightly signed, but for another receiver (a check of the peer that had this address before):
   * treat it as a request without `x-peercloud-id`.
   */
  anonymous?: true;
  /** Headers that sign the answer and bind it to this request; `body` is exactly what is written. */
  signAnswer?(status: number, body: Buffer): Record<string, string>;
  /** For `/stream`: headers of the 200 that opens it, and the codec for its two directions. */
  acceptStream?(): StreamAcceptance;
}

/** The request is answered at once with this status and these headers, and with nothing about the cause. */
export interface RequestRefused {
  ok: false;
  status: 401 | 403 | 429;
  headers: Record<string, string>;
  code?: string;
  /** As in RequestAccepted, where the sender is to believe the refusal. */
  signAnswer?: RequestAccepted['signAnswer'];
}

export type Verdict = RequestAccepted | RequestRefused;

/** Stands between the size limit and the JSON parser: judges a request by its bytes and headers. */
export interface RequestVerifier {
  verify(request: IncomingPeerRequest): Verdict | Promise<Verdict>;
}
