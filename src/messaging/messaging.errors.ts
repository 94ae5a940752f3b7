import { PeerCloudError } from '../errors/peer-cloud.error.js';
import { isJsonObject, type JsonValue } from '../wire/json.js';

/** Why a message has no reply (PeerCloudError's `code`). */
export type MessageErrorCode =
  | 'NO_SUCH_PEER'
  | 'PEER_LEFT'
  | 'UNREACHABLE'
  | 'CONNECTION_LOST'
  | 'TIMEOUT'
  | 'ABORTED'
  | 'BAD_STATUS'
  | 'NO_HANDLER'
  | 'OVERLOADED'
  | 'INVALID_BODY'
  | 'INVALID_REPLY';

/** Base of every error that `send()` rejects with and that a broadcast's result carries. */
export class MessageError extends PeerCloudError {
  override readonly name: string = 'MessageError';

  constructor(
    override readonly code: MessageErrorCode,
    /** Id of the peer that the message was for. */
    readonly peerId: string,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(code, message, options);
  }
}

/**
 * No member of the cloud has that id; nothing was sent. Its code is `PEER_LEFT` where one had it that has left
 * by its own word within the last 10 minutes, as in a rolling update, and `NO_SUCH_PEER` otherwise.
 */
export class NoSuchPeerError extends MessageError {
  override readonly name = 'NoSuchPeerError';

  constructor(
    peerId: string,
    { hasLeft, ...options }: { cause?: unknown; hasLeft?: boolean } = {},
  ) {
    super(
      hasLeft ? 'PEER_LEFT' : 'NO_SUCH_PEER',
      peerId,
      hasLeft
        ? `peer ${peerId} has left the cloud: send to one of those that are there`
        : `no peer ${peerId} in the cloud: take the id from peers(), and expect peers to leave`,
      options,
    );
  }
}

/** No connection to the peer could be made: the message was not delivered and can safely go again. */
export class UnreachableError extends MessageError {
  override readonly name = 'UnreachableError';

  constructor(peerId: string, options?: { cause?: unknown }) {
    super(
      'UNREACHABLE',
      peerId,
      `peer ${peerId} cannot be reached; the message was not delivered`,
      options,
    );
  }
}

/** The connection broke, or the peer was found dead, before the reply: the message was perhaps delivered, perhaps handled. */
export class ConnectionLostError extends MessageError {
  override readonly name = 'ConnectionLostError';

  constructor(peerId: string, options?: { cause?: unknown }) {
    super(
      'CONNECTION_LOST',
      peerId,
      `the connection to peer ${peerId} broke before the reply; the message was perhaps delivered`,
      options,
    );
  }
}

/** No reply within the message's timeout; the message was perhaps delivered, perhaps handled. */
export class MessageTimeoutError extends MessageError {
  override readonly name = 'MessageTimeoutError';

  constructor(
    peerId: string,
    /** Ms that were waited for the reply. */
    readonly timeout: number,
    options?: { cause?: unknown },
  ) {
    super(
      'TIMEOUT',
      peerId,
      `no reply from peer ${peerId} within ${timeout} ms`,
      options,
    );
  }
}

/** The caller’s own signal fired; the message was perhaps delivered. The signal’s reason is the cause. */
export class MessageAbortedError extends MessageError {
  override readonly name = 'MessageAbortedError';

  constructor(peerId: string, options?: { cause?: unknown }) {
    super(
      'ABORTED',
      peerId,
      `the message to peer ${peerId} was aborted by its sender`,
      options,
    );
  }
}

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

/** The peer has message handlers, but none whose pattern matches the body (PROTOCOL.md, section 2, `/message`). */
export class NoHandlerError extends MessageError {
  override readonly name = 'NoHandlerError';
  /** HTTP status of the answer. */
  readonly status = 404;

  constructor(
    peerId: string,
    /** Body of the answer. */
    readonly payload: JsonValue | undefined,
  ) {
    super(
      'NO_HANDLER',
      peerId,
      `no handler of peer ${peerId} matches the message: see the patterns of its @OnPeerMessage()`,
    );
  }
}

/** The lane to the peer was full until the deadline: the message was not sent. Send less, or raise the bounds. */
export class OverloadedError extends MessageError {
  override readonly name = 'OverloadedError';

  constructor(peerId: string, options?: { cause?: unknown }) {
    super(
      'OVERLOADED',
      peerId,
      `too many messages to peer ${peerId} are under way; this one was not sent. Send fewer at a time, or raise messaging.stream.maxInFlight or maxQueuedBytes, or limits.connectionsPerPeer where messages go by /message`,
      options,
    );
  }
}

/** The body is no JSON object, or holds what JSON cannot carry (a cycle, a BigInt); nothing was sent. */
export class InvalidBodyError extends MessageError {
  override readonly name = 'InvalidBodyError';

  constructor(peerId: string, problem: string, options?: { cause?: unknown }) {
    super(
      'INVALID_BODY',
      peerId,
      `the message cannot be sent: ${problem}`,
      options,
    );
  }
}

/**
 * The peer replied, with what no body may have: nesting over `limits.maxJsonDepth`, or keys by which a
 * careless merge would change prototypes. The message was delivered and handled.
 */
export class InvalidReplyError extends MessageError {
  override readonly name = 'InvalidReplyError';

  constructor(peerId: string, problem: string) {
    super(
      'INVALID_REPLY',
      peerId,
      `the reply of peer ${peerId} is refused: ${problem}`,
    );
  }
}

/** A message handler that cannot work, found at start-up; the message names it and says what to write. */
export class InvalidHandlerError extends PeerCloudError {
  override readonly name = 'InvalidHandlerError';

  constructor(
    /** `Class.method`. */
    readonly handler: string,
    message: string,
    options?: { cause?: unknown },
  ) {
    super('INVALID_HANDLER', message, options);
  }
}
