import type { IncomingHttpHeaders } from 'node:http';

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
