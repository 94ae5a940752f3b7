import { PeerCloudError } from '../errors/peer-cloud.error.js';

/** Stable codes of the refusals that a remote peer can get (PROTOCOL.md, section 1, errors). */
export type ProtocolErrorCode =
  | 'INVALID_BODY'
  | 'INVALID_JSON'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'BODY_TOO_LARGE'
  | 'BODY_TIMEOUT'
  | 'FROM_BROWSER'
  | 'UNKNOWN_SENDER'
  | 'NOT_YOURS'
  | 'NOT_FOUND'
  | 'TOO_MANY_REQUESTS'
  | 'LEAVING'
  | 'INTERNAL';

/** A refusal on its way to the remote: its message is written for the other side and names nothing of this one. */
export class ProtocolError extends PeerCloudError {
  override readonly name = 'ProtocolError';

  constructor(
    readonly status: number,
    override readonly code: ProtocolErrorCode,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(code, message);
  }
}

export const refusals = {
  invalidBody: (message: string) =>
    new ProtocolError(400, 'INVALID_BODY', message),
  invalidJson: (message: string) =>
    new ProtocolError(400, 'INVALID_JSON', message),
  mediaType: (message: string) =>
    new ProtocolError(415, 'UNSUPPORTED_MEDIA_TYPE', message),
  tooLarge: (maxBytes: number, what = 'the body') =>
    new ProtocolError(
      413,
      'BODY_TOO_LARGE',
      `${what} is larger than ${maxBytes} bytes`,
    ),
  tooSlow: () =>
    new ProtocolError(408, 'BODY_TIMEOUT', 'the body took too long to arrive'),
  fromBrowser: () =>
    new ProtocolError(
      403,
      'FROM_BROWSER',
      'this is for peers: it takes nothing from a browser (headers origin, sec-fetch-site)',
    ),
  unknownSender: () =>
    new ProtocolError(
      403,
      'UNKNOWN_SENDER',
      'x-peercloud-id does not name a member of this cloud: join first',
    ),
  notYours: () =>
    new ProtocolError(403, 'NOT_YOURS', 'a peer changes its own record only'),
  notFound: () => new ProtocolError(404, 'NOT_FOUND', 'no such endpoint'),
  tooMany: (retryAfterSeconds: number) =>
    new ProtocolError(
      429,
      'TOO_MANY_REQUESTS',
      'too many requests, try again later',
      { 'retry-after': String(retryAfterSeconds) },
    ),
  leaving: () => new ProtocolError(503, 'LEAVING', 'this peer shuts down'),
  internal: () =>
    new ProtocolError(500, 'INTERNAL', 'the request could not be handled'),
} as const;
