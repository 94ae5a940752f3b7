import type { IncomingHttpHeaders } from 'node:http';
import type { Text } from '../util/text-parts.js';

/** A request as it came in, before anything of it is parsed. */
export interface IncomingPeerRequest {
  method: string;
  /** As on the request line, a query included: `/join`. */
  path: string;
  headers: IncomingHttpHeaders;
  /** The body's bytes; undefined for a stream, which has none. */
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
  /** For a stream: headers of the 101 that opens it, and the codec for its two directions. */
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

/**
 * What stands between the frames of a stream and its socket in a signed cloud, one for both directions of
 * one stream. Each `seal()` makes a record with a counter, so that nothing can be changed, reordered,
 * repeated or left out on the way.
 */
export interface StreamCodec {
  /**
   * What goes to the socket for this text. Call it once for each write, in the order of writing.
   * `allocate` gives the memory for so many bytes. Default: new memory.
   */
  seal(text: Text, allocate?: (bytes: number) => Buffer): Buffer;
  /**
   * Takes what came from the socket, in any pieces, and returns the bytes that are now known to be
   * genuine, in order; their borders mean nothing. Throws a TransportError (`BAD_ANSWER`) at the first
   * byte that is not: end the stream then, as after a lost connection.
   */
  open(chunk: Buffer): Buffer[];
  /** True if the next record of a direction would have to wait for what `prepare()` does. */
  readonly isLow: boolean;
  /** Does what can be done ahead for the next records; to be called when nobody waits. */
  prepare(): void;
}

/** The opener's half of the opening of a stream. */
export interface StreamOpening {
  /** Headers of the upgrade request: `x-peercloud-id`, and the signature in a signed cloud. */
  headers: Record<string, string>;
  /**
   * Judges the head of the 101 answer and gives the codec; undefined in an open cloud. Throws a
   * TransportError (`BAD_ANSWER`) when the answer is not the peer's own. Write nothing to the stream before.
   */
  accept(headers: IncomingHttpHeaders): StreamCodec | undefined;
  /** Reads the head of any other answer. True if it was worth opening again, at once. */
  refused(status: number, headers: IncomingHttpHeaders): boolean;
}

/** The receiver's half: what the answer that opens the stream carries, and the codec. */
export interface StreamAcceptance {
  headers: Record<string, string>;
  codec: StreamCodec;
}

/** Opens streams to members. */
export interface StreamSecurity {
  open(receiverId: string): StreamOpening;
}
